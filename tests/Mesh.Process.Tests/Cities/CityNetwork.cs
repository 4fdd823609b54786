using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Process.Tests.Cities;

/// <summary>A place and its way to the middle of the network.</summary>
/// <param name="Delay">One way; a packet between two cities has both.</param>
/// <param name="Loss">The chance that a packet is lost on it, either way.</param>
internal sealed record City(string Name, TimeSpan Delay, double Loss);

/// <summary>
/// Cities, each a network namespace, and the wide network between them: a thread that carries IP packets from device to device,
/// late, and loses some. Done here and not by the kernel's netem, which many kernels lack. What is sent stays in it.
/// </summary>
internal sealed partial class CityNetwork : IAsyncDisposable
{
    /// <summary>Of test networks (RFC 2544): never anybody's real address.</summary>
    private const string Network = "198.18.0.";

    /// <summary>What a router would keep; more is lost.</summary>
    private const int MostUnderWay = 20_000;

    private const int LargestPacket = 1500;

    private readonly IReadOnlyList<City> _cities;
    private readonly List<NetworkNamespace> _namespaces = [];
    private readonly List<SafeFileHandle> _devices = [];
    private readonly PriorityQueue<(int To, byte[] Packet), (long Due, long Number)> _underWay = new();
    private readonly Random _random;
    private readonly byte[] _buffer = new byte[LargestPacket];
    private Thread? _relay;
    private volatile bool _ends;
    private long _number;

    private CityNetwork(IReadOnlyList<City> cities, int seed)
    {
        _cities = cities;
        _random = new Random(seed);
    }

    public long Carried { get; private set; }

    public long Lost { get; private set; }

    public NetworkNamespace this[string city] => _namespaces[_cities.Index().Single(entry => entry.Item.Name == city).Index];

    /// <param name="seed">Of the losses.</param>
    public static async Task<CityNetwork> StartAsync(IReadOnlyList<City> cities, int seed)
    {
        await NetworkNamespace.RemoveForgottenAsync();
        var network = new CityNetwork(cities, seed);
        try
        {
            foreach (var (i, city) in cities.Index())
            {
                network._namespaces.Add(await NetworkNamespace.CreateAsync(city.Name, $"{Network}{i + 1}/24"));
                network._devices.Add(network._namespaces[^1].OpenDevice());
            }

            network._relay = new Thread(network.Carry) { IsBackground = true, Name = "city network" };
            network._relay.Start();
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _ends = true;
        _relay?.Join();
        foreach (var device in _devices)
            device.Dispose();
        foreach (var space in _namespaces)
            await space.DisposeAsync();
    }

    private void Carry()
    {
        const short Readable = 1; // POLLIN
        var polled = _devices.Select(device => new Polled { File = (int)device.DangerousGetHandle(), Events = Readable }).ToArray();
        while (!_ends)
        {
            _ = Poll(ref polled[0], (ulong)polled.Length, MillisecondsToNext());
            for (var from = 0; from < polled.Length; from++)
            {
                if ((polled[from].Returned & Readable) != 0)
                    Take(from);
            }

            Deliver();
        }
    }

    /// <summary>At most a tenth of a second: the end is noticed.</summary>
    private int MillisecondsToNext() => _underWay.TryPeek(out _, out var next)
        ? (int)Math.Clamp(Math.Ceiling(Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), next.Due).TotalMilliseconds), 0, 100)
        : 100;

    private void Take(int from)
    {
        const int Ipv4 = 4;
        const int Destination = 16; // in the header
        while (Read(_devices[from], ref _buffer[0], LargestPacket) is var length and > 0)
        {
            var to = length >= 20 && _buffer[0] >> 4 == Ipv4 ? _buffer[Destination + 3] - 1 : -1;
            if (to < 0 || to >= _cities.Count)
                continue; // Nobody's: a broadcast, or IPv6 looking for a router.
            if (_underWay.Count >= MostUnderWay || _random.NextDouble() < _cities[from].Loss || _random.NextDouble() < _cities[to].Loss)
            {
                Lost++;
                continue;
            }

            var due = Stopwatch.GetTimestamp() + (long)((_cities[from].Delay + _cities[to].Delay).TotalSeconds * Stopwatch.Frequency);
            _underWay.Enqueue((to, _buffer.AsSpan(0, (int)length).ToArray()), (due, _number++));
        }
    }

    private void Deliver()
    {
        while (_underWay.TryPeek(out var next, out var when) && when.Due <= Stopwatch.GetTimestamp())
        {
            _underWay.Dequeue();
            Carried++;
            // A device whose queue is full refuses it, as a router would.
            _ = Write(_devices[next.To], ref next.Packet[0], (nuint)next.Packet.Length);
        }
    }

    /// <summary>struct pollfd.</summary>
    private struct Polled
    {
        public int File;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref Polled first, ulong count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle file, ref byte first, nuint length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeFileHandle file, ref byte first, nuint length);
}
