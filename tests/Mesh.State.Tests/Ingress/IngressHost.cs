using System.Diagnostics.CodeAnalysis;
using System.Net;
using Mesh.Messages;
using Mesh.Seed.Health;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Grpc;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.State.Tests.Models;
using Mesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Ingress;

/// <summary>
/// Both ingresses in a Kestrel of the test's own process, over a folder with fashion_cnn, self-made models and a broken one.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes it.")]
public sealed class IngressHost : IAsyncLifetime, IReadiness
{
    public const long MaxRequestBytes = 1 << 20;

    private readonly RepositoryFolder _folder = new();
    private WebApplication? _app;

    internal ScriptedGateway Gateway { get; } = new();

    public string? NotReady { get; set; }

    public HttpClient Http { get; private set; } = null!;

    public Uri GrpcAddress { get; private set; } = null!;

    internal RepositoryFolder Folder => _folder;

    public async Task InitializeAsync()
    {
        _folder.WriteModel("fashion_cnn", await File.ReadAllBytesAsync(Checkout.Artifact("fashion_cnn")));
        _folder.WriteModel("mixed", OnnxFile.Identity((TensorElementType.Float, [-1]), (TensorElementType.String, [-1]), (TensorElementType.Float16, [-1])), "2");
        _folder.WriteModel("numbers", OnnxFile.Identity((TensorElementType.Float, [-1])), "1");
        _folder.WriteModel("numbers", OnnxFile.Identity((TensorElementType.Float, [-1])), "3");
        _folder.WriteModel("broken", [1, 2, 3]);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddOpenInference(new IngressOptions { MaxRequestBytes = MaxRequestBytes, ServerVersion = "9.8.7", Region = new RegionName("here") }, _folder.Path);
        builder.Services.AddSingleton<IInferenceGateway>(Gateway);
        builder.Services.AddSingleton<IReadiness>(this);
        _app = builder.Build();
        _app.MapOpenInferenceRest();
        _app.MapOpenInferenceGrpc();
        _app.MapArtifacts();
        await _app.StartAsync();
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();
        Http = new HttpClient { BaseAddress = new Uri(addresses[0]) };
        GrpcAddress = new Uri(addresses[1]);
    }

    public string? NoVehicles { get; set; }

    public bool HasStarted { get; set; } = true;

    public HealthReport Report() => NotReady is null ? HealthReport.Well : new(HealthStatus.NotReady, [new("joining", NotReady)]);

    public bool CanServe(ModelReference model, out string reason)
    {
        reason = NoVehicles ?? "";
        return NoVehicles is null;
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        _folder.Dispose();
    }
}
