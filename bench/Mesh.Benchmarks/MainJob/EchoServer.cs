using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Demo.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Benchmarks.MainJob;

/// <summary>The yardstick: a plain gRPC unary service in a process of its own, as ASP.NET Core hosts it.</summary>
internal static class EchoServer
{
    /// <summary>Every echo, of either transport, answers with so many bytes.</summary>
    public const int AnswerBytes = 64;

    public static async Task RunAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, options => options.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        Child.SayReady();
        await ((IHost)app).WaitForShutdownAsync();
    }

    private sealed class EchoService : Echo.EchoBase
    {
        public override Task<EchoMessage> Call(EchoMessage request, ServerCallContext context) =>
            Task.FromResult(new EchoMessage { Data = UnsafeByteOperations.UnsafeWrap(request.Data.Memory[..AnswerBytes]) });
    }
}

/// <summary>A client of <see cref="EchoServer"/>, with the process that it calls.</summary>
internal sealed class UnaryEcho : IAsyncDisposable
{
    private readonly ManagedProcess _server;
    private readonly GrpcChannel _channel;
    private readonly Echo.EchoClient _client;

    private UnaryEcho(ManagedProcess server, int port)
    {
        _server = server;
        _channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        _client = new Echo.EchoClient(_channel);
    }

    public static async Task<UnaryEcho> StartAsync()
    {
        var port = FreePorts.TakeOne();
        var server = await Child.StartAsync("echo-server", serverGc: true, "echo-server", $"{port}");
        return new UnaryEcho(server, port);
    }

    /// <summary>A call with this payload, for <see cref="LoadLoop"/>.</summary>
    public Func<int, ValueTask> Caller(byte[] payload)
    {
        var data = UnsafeByteOperations.UnsafeWrap(payload);
        return async _ =>
        {
            var answer = await _client.CallAsync(new EchoMessage { Data = data });
            if (answer.Data.Length != EchoServer.AnswerBytes)
                throw new InvalidOperationException($"The echo has {answer.Data.Length} bytes.");
        };
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

}
