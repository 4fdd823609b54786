using System.Diagnostics.CodeAnalysis;
using System.Net;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Api;
using Mesh.Seed.Batches.Storage;
using Mesh.Seed.Ingress;
using Mesh.Seed.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Mesh.Testing.Batches;

/// <summary>
/// The Files and Batches API in a Kestrel of the test's own process, with a blob store in a folder and the checkout's models;
/// files and batches are on record in memory, and batches stay as the test leaves them.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes it.")]
public sealed class BatchApiHost : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mesh-batches-");
    private WebApplication? _app;

    public BatchLimits Limits { get; init; } = new();

    public HttpClient Http { get; private set; } = null!;

    public InMemoryBatchDirectory Directories { get; } = new(TimeProvider.System);

    public IBlobStore Store => _app!.Services.GetRequiredService<IBlobStore>();

    /// <summary>Every file below the store's folder.</summary>
    public IReadOnlyList<string> StoredFiles => Directory.GetFiles(_folder.FullName, "*", SearchOption.AllDirectories);

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddOpenInference(new IngressOptions(), Checkout.Models);
        builder.Services.AddSingleton<IInferenceGateway, NoVehicles>();
        builder.Services.AddSingleton<IBatchDirectory>(Directories);
        builder.Services.AddBatchApi(Limits, () => new FolderBlobStore(_folder.FullName));
        _app = builder.Build();
        _app.MapBatchApi();
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private sealed class NoVehicles : IInferenceGateway
    {
        public Task<InferenceOutcome> InferAsync(InferenceCall call, CancellationToken cancellation) =>
            Task.FromResult(new InferenceOutcome(RequestOutcome.Unavailable, "no vehicle", [], null, null, 0, default));
    }
}
