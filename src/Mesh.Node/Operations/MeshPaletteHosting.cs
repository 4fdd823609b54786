using Mesh.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Mesh.Node.Operations;

/// <summary>The operators' palette <c>mesh</c> of a vehicle.</summary>
public static class MeshPaletteHosting
{
    public static IServiceCollection AddMeshPalette(this IServiceCollection services) => services
        .AddSingleton<TelemetryCommand>()
        .AddSingleton<ICommandHandler, VehicleCommands>();
}
