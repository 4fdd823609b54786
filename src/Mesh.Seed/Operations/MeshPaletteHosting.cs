using Mesh.Operations;

namespace Mesh.Seed.Operations;

/// <summary>The operators' palette <c>mesh</c> of a seed.</summary>
public static class MeshPaletteHosting
{
    public static IServiceCollection AddMeshPalette(this IServiceCollection services) => services
        .AddSingleton<RegionDesk>()
        .AddSingleton<VehicleCommands>()
        .AddSingleton<RequestCommands>()
        .AddSingleton<BatchCommands>()
        .AddSingleton<RouterCommands>()
        .AddSingleton<SteeringCommands>()
        .AddSingleton<MeshValues>()
        .AddSingleton<ICommandHandler, MeshCommands>();
}
