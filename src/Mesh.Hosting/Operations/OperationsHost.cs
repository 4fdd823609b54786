using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>
/// The operators' port: a web server of its own, so that seeds and vehicles serve it alike, and that it is there before a member
/// joins and until it has left. HTTP/2 and gRPC's content type only: no page in a browser can ask it for anything.
/// </summary>
public sealed partial class OperationsHost(
    OperationsSettings settings, OperationsIdentity identity, CommandRunner runner, TimeProvider time, ILoggerFactory loggers)
    : IHostedService, IAsyncDisposable
{
    private const int MaxConnections = 64;

    // A command's words: OperationsLimits.LineLength, with room for how they are encoded.
    private const int MaxRequestBytes = 64 * 1024;

    private readonly ILogger _logger = loggers.CreateLogger<OperationsHost>();
    private readonly CancellationTokenSource _stopping = new();
    private PortCertificates? _certificates;
    private WebApplication? _app;

    /// <summary>E.g. "mesh-seed 0.1.0".</summary>
    public string Name => identity.Name;

    /// <summary>What it listens on once it is started; null = operators cannot connect.</summary>
    public int? Port { get; private set; }

    /// <summary>HOST:PORT that operators connect to, for a line that tells of it.</summary>
    /// <param name="host">The name of this machine as others know it.</param>
    public string AddressBehind(string host) =>
        Port is not { } port ? "none" : IPAddress.IsLoopback(settings.Bind) ? new IPEndPoint(settings.Bind, port).ToString() : $"{host}:{port}";

    /// <summary>Answers end.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (settings.Port is not { } port)
            return;
        _certificates = settings.Certificate is null ? null : new PortCertificates(settings, time, loggers.CreateLogger<PortCertificates>());
        // Also without TLS, where nobody can show a certificate: then nobody gets in by one.
        var trust = settings.Authority is null ? null : new OperatorTrust(() => _certificates!.Authority, () => _certificates!.Revocations, time);
        var gate = new OperatorGate(
            trust,
            settings.Tokens is null ? null : new TokenFile(settings.Tokens, loggers.CreateLogger<TokenFile>()).NameOf);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(loggers).AddSingleton<IHostLifetime, NoLifetime>()
            .AddSingleton(this).AddSingleton(runner).AddSingleton(gate).AddSingleton(time)
            .AddGrpc(grpc => grpc.MaxReceiveMessageSize = MaxRequestBytes);
        builder.WebHost.UseKestrelHttpsConfiguration().UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBytes;
            kestrel.Listen(settings.Bind, port, listen => Listen(listen, trust));
        });
        _app = builder.Build();
        _app.MapGrpcService<OperationsService>();
        await _app.StartAsync(cancellationToken);
        Port = new Uri(_app.Urls.Single()).Port;
        var proof = settings.KnowsOperators ? gate.Needs : "no proof";
        var address = new IPEndPoint(settings.Bind, Port.Value);
        LogListening(address, settings.Certificate is null ? "without" : "with", proof);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        if (_app is not null)
            await _app.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        _certificates?.Dispose();
        _stopping.Dispose();
    }

    private void Listen(ListenOptions listen, OperatorTrust? trust)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (_certificates is not { } certificates)
            return;
        // Once now, so that a start without a certificate fails as such, and what is wrong with a list is told.
        _ = certificates.Server;
        _ = certificates.Revocations;
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = connection => ValueTask.FromResult(Tls(certificates.Server, trust, connection)) });
    }

    /// <summary>Made anew for each connection, from the certificates as they are then.</summary>
    private static SslServerAuthenticationOptions Tls(ServerCertificate server, OperatorTrust? trust, TlsHandshakeCallbackContext connection) => new()
    {
        ServerCertificateContext = server.Context,
        // Who shows none may have a token; the service refuses those with neither, and can say why.
        ClientCertificateRequired = trust is not null,
        // A resumed connection would not show again what the certificate is signed by.
        AllowTlsResume = false,
        CertificateChainPolicy = trust?.Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (certificate is not X509Certificate2 shown)
                return true;
            connection.Connection.Items[typeof(ShownCertificate)] = ShownCertificate.Of(shown, chain);
            return errors == SslPolicyErrors.None;
        },
    };

    /// <summary>What the client of a call's connection has shown.</summary>
    internal static ShownCertificate? ShownBy(HttpContext call) =>
        call.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(typeof(ShownCertificate), out var shown) == true ? (ShownCertificate?)shown : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Operators connect to {Address} {With} TLS, with {Proof}")]
    private partial void LogListening(IPEndPoint address, string with, string proof);

    /// <summary>The process belongs to the host around this one.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <param name="Name">What the prompt of pbm greets with, e.g. "mesh-seed 0.1.0".</param>
public sealed record OperationsIdentity(string Name);
