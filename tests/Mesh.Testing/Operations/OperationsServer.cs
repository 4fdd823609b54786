using Mesh.Hosting.Operations;
using Mesh.Operations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Testing.Operations;

/// <summary>An operators' port on loopback, as a seed and a vehicle have it, with <see cref="GarageHandler"/>'s commands.</summary>
public sealed class OperationsServer : IAsyncDisposable
{
    private readonly IHost _host;

    private OperationsServer(IHost host, GarageHandler garage) => (_host, Garage) = (host, garage);

    public GarageHandler Garage { get; }

    public int Port => _host.Services.GetRequiredService<OperationsHost>().Port!.Value;

    /// <param name="data">The audit log's folder.</param>
    /// <param name="handler">Instead of the garage.</param>
    public static async Task<OperationsServer> StartAsync(
        string data, OperationsSettings? settings = null, TimeProvider? time = null, ILoggerProvider? logs = null, ICommandHandler? handler = null)
    {
        var garage = new GarageHandler();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        if (logs is not null)
            builder.Logging.AddProvider(logs);
        builder.Services.AddSingleton(time ?? TimeProvider.System).AddSingleton(handler ?? garage)
            .AddOperations(settings ?? new OperationsSettings { Port = 0 }, "mesh-garage", data);
        var host = builder.Build();
        await host.StartAsync();
        return new OperationsServer(host, garage);
    }

    public async Task StopAsync() => await _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        // The host's own Dispose would not wait for what is disposed asynchronously.
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
