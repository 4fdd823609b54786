using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mesh.Seed.WorkStreams;

/// <summary>What a server needs to serve work streams: a seed, and the benchmark that measures them alone.</summary>
public static class WorkStreamHosting
{
    /// <summary>Needs an <see cref="IWorkStreamListener"/>, an <see cref="ISeedView"/> and a <see cref="TimeProvider"/> beside it; an <see cref="IUnitListener"/> where units are sent.</summary>
    public static IServiceCollection AddWorkStreams(this IServiceCollection services)
    {
        services.AddGrpc().AddServiceOptions<WorkStreamService>(service =>
        {
            // A vehicle's results: its model's outputs, several in a frame.
            service.MaxReceiveMessageSize = 512 << 20;
            service.MaxSendMessageSize = null;
        });
        services.TryAddSingleton<IUnitListener, NoUnits>();
        return services.AddSingleton(new WorkStreamOptions()).AddSingleton<WorkStreamRegistry>();
    }

    /// <summary>Work streams live for hours and carry large tensors: windows that do not stop a frame half-way.</summary>
    public static void MakeRoomForWorkStreams(this KestrelServerLimits limits)
    {
        limits.Http2.InitialStreamWindowSize = 8 << 20;
        limits.Http2.InitialConnectionWindowSize = 16 << 20;
        limits.MinRequestBodyDataRate = null;
    }
}
