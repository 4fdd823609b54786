using Akka.Configuration;
using Mesh.Messages;
using Mesh.Node;
using Mesh.Node.Hosting;
using Mesh.Seed;
using Mesh.Seed.Hosting;
using Mesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mesh.State.Tests.Deployment;

/// <summary>A seed and a vehicle that were put together and not started: what they would serve, and how long they may take to leave.</summary>
public sealed class ProgramsFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-deployment-").FullName;

    public IReadOnlyList<string> Routes { get; private set; } = [];

    public TimeSpan SeedStop { get; private set; }

    public TimeSpan VehicleStop { get; private set; }

    public async Task InitializeAsync()
    {
        await using var seed = SeedHost.Build(
            new SeedSettings { Region = new RegionName("test"), Data = _folder, Models = Checkout.Models, Journal = JournalSettings.Sqlite(_folder) },
            Config.Empty);
        Routes = [.. ((IEndpointRouteBuilder)seed).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText?.TrimStart('/'))];
        SeedStop = StopOf(seed.Services);
        using var vehicle = VehicleProgram.Build(new VehicleSettings { Data = _folder }, Config.Empty);
        VehicleStop = StopOf(vehicle.Services);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    private static TimeSpan StopOf(IServiceProvider services) => services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
}
