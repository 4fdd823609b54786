using System.Diagnostics.CodeAnalysis;
using System.Net;
using Mesh.Seed.Dashboard;
using Mesh.Seed.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>The operations page in this process, over a <see cref="FakeRegion"/>.</summary>
[SuppressMessage("Design", "CA1001", Justification = "DisposeAsync disposes it.")]
internal sealed class DashboardHost : IAsyncDisposable
{
    private WebApplication? _app;

    public FakeRegion Region { get; } = new();

    public HealthReport Health { get; set; } = HealthReport.Well;

    public DashboardOptions Options { get; init; } = new("eu-central", "127.0.0.1", 4053)
    {
        Interval = TimeSpan.FromMilliseconds(100),
        TableInterval = TimeSpan.FromMilliseconds(100),
    };

    public Uri Address { get; private set; } = null!;

    /// <param name="port">0 = any that is free.</param>
    public async Task StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddSingleton(TimeProvider.System).AddDashboard(Options, _ => Health);
        foreach (var handler in Region.Handlers)
            builder.Services.AddSingleton(handler);
        _app = builder.Build();
        _app.MapDashboard();
        await _app.StartAsync();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    /// <summary>As a seed does on SIGTERM; <see cref="StartAsync"/> starts it again.</summary>
    public async Task StopAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public ValueTask DisposeAsync() => new(StopAsync());
}
