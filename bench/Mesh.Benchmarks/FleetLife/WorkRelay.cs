using System.Net;
using System.Net.Sockets;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>
/// A car's network: stands between the car and the seed's work port. Cut, it carries nothing more either way and says nothing
/// about it, like a network that is gone; restored, it passes on what it held, and that a side has ended.
/// </summary>
internal sealed class WorkRelay : IAsyncDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly int _workPort;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _open = new();

    public WorkRelay(int workPort)
    {
        _workPort = workPort;
        _open.SetResult();
        _listener.Start();
        Address = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    /// <summary>What the car takes for the seed's.</summary>
    public string Address { get; }

    public void Cut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Restore() => _open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                var car = await _listener.AcceptSocketAsync(_closing.Token);
                connections.RemoveAll(connection => connection.IsCompleted);
                connections.Add(CarryAsync(car));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task CarryAsync(Socket car)
    {
        using var seed = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (car)
        {
            car.NoDelay = true;
            try
            {
                await Passable();
                await seed.ConnectAsync(IPAddress.Loopback, _workPort, _closing.Token);
                await Task.WhenAll(PumpAsync(car, seed), PumpAsync(seed, car));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Both sides are closed on the way out: what one of them lost, the other loses.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReceiveAsync(buffer, _closing.Token) is > 0 and var count)
            {
                await Passable();
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _closing.Token);
            }

            await Passable();
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            await Passable();
            from.Dispose();
            to.Dispose();
            throw;
        }
    }

    private Task Passable() => _open.Task.WaitAsync(_closing.Token);
}
