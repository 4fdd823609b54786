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

    /// <param name="next">Null: answers itself. Else the address of another one that it asks.</param>
    public static async Task RunAsync(int port, string? next)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, options => options.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        using var channel = next is null ? null : GrpcChannel.ForAddress(next);
        builder.Services.AddSingleton(new EchoService(channel is null ? null : new Echo.EchoClient(channel)));
        await using var app = builder.Build();
        app.MapGrpcService<EchoService>();
        await app.StartAsync();
        Child.SayReady();
        await ((IHost)app).WaitForShutdownAsync();
    }

    private sealed class EchoService(Echo.EchoClient? next) : Echo.EchoBase
    {
        public override async Task<EchoMessage> Call(EchoMessage request, ServerCallContext context) => next is null
            ? new EchoMessage { Data = UnsafeByteOperations.UnsafeWrap(request.Data.Memory[..AnswerBytes]) }
            : await next.CallAsync(request);
    }
}

/// <summary>A client of <see cref="EchoServer"/>, with the process that it calls.</summary>
internal sealed class UnaryEcho : IAsyncDisposable
{
    private readonly ManagedProcess _server;
    private readonly string _address;
    private readonly GrpcChannel _channel;
    private readonly Echo.EchoClient _client;

    private UnaryEcho(ManagedProcess server, string address)
    {
        (_server, _address) = (server, address);
        _channel = GrpcChannel.ForAddress(address);
        _client = new Echo.EchoClient(_channel);
    }

    /// <param name="behind">Null: the server answers itself. Else it relays each call to the server of this one.</param>
    public static async Task<UnaryEcho> StartAsync(UnaryEcho? behind = null)
    {
        var port = FreePorts.TakeOne();
        string[] next = behind is null ? [] : [behind._address];
        var server = await Child.StartAsync("echo-server", serverGc: true, ["echo-server", $"{port}", .. next]);
        return new UnaryEcho(server, $"http://127.0.0.1:{port}");
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
