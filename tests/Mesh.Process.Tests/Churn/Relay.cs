using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mesh.Process.Tests.Churn;

/// <summary>
/// Carries TCP connections to a port of this machine under another address of it, and can make those of one client mute: they stay
/// open, and nothing arrives any more. Sequences of connections that a library loses track of look like that to both sides.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentBag<Carried> _connections = [];
    private readonly Task _accepting;

    /// <param name="listen">Its port is the target's.</param>
    public Relay(IPAddress listen, IPEndPoint target)
    {
        _target = target;
        _listener = new TcpListener(listen, target.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Of the connections that are open now; later ones are carried.</summary>
    /// <param name="name">In the first bytes that the client sent: Akka's handshake names the address that it listens on.</param>
    /// <returns>How many.</returns>
    public int Mute(string name)
    {
        var named = _connections.Where(connection => connection.Greeting.Contains(name, StringComparison.Ordinal)).ToList();
        named.ForEach(connection => connection.IsMute = true);
        return named.Count(connection => connection.IsOpen);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Select(connection => connection.Carrying));
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                var connection = new Carried();
                connection.Carrying = CarryAsync(connection, client);
                _connections.Add(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task CarryAsync(Carried connection, TcpClient client)
    {
        using var here = client;
        using var there = new TcpClient();
        try
        {
            await there.ConnectAsync(_target, _ended.Token);
            var (up, down) = (PumpAsync(connection, here, there, greets: true), PumpAsync(connection, there, here, greets: false));
            await Task.WhenAny(up, down);
            // Whichever side ended it, the other one learns.
            here.Close();
            there.Close();
            await Task.WhenAll(up, down);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One side has gone.
        }
        finally
        {
            connection.IsOpen = false;
        }
    }

    private async Task PumpAsync(Carried connection, TcpClient from, TcpClient to, bool greets)
    {
        var (source, sink, buffer) = (from.GetStream(), to.GetStream(), new byte[64 * 1024]);
        while (await source.ReadAsync(buffer, _ended.Token) is > 0 and var count)
        {
            if (greets && connection.Greeting.Length == 0)
                connection.Greeting = Encoding.Latin1.GetString(buffer, 0, count);
            if (!connection.IsMute)
                await sink.WriteAsync(buffer.AsMemory(0, count), _ended.Token);
        }
    }

    private sealed class Carried
    {
        public volatile bool IsMute;
        public volatile bool IsOpen = true;
        public volatile string Greeting = "";

        public Task Carrying { get; set; } = Task.CompletedTask;
    }
}
