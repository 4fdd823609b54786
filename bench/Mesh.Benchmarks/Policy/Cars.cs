using Mesh.Messages;

namespace Mesh.Benchmarks.Policy;

/// <summary>Where cars are parked. The sessions' source gives no places; Oslo is the seed's.</summary>
internal readonly record struct City(string Name, GeoPoint Place, double Share)
{
    public static City Oslo { get; } = new("Oslo", new GeoPoint(59.91, 10.75), 0.30);

    public static IReadOnlyList<City> All { get; } =
    [
        Oslo,
        new("Drammen", new GeoPoint(59.74, 10.20), 0.10),
        new("Bergen", new GeoPoint(60.39, 5.32), 0.12),
        new("Stavanger", new GeoPoint(58.97, 5.73), 0.08),
        new("Trondheim", new GeoPoint(63.43, 10.40), 0.10),
        new("Tromsø", new GeoPoint(69.65, 18.96), 0.05),
        new("Gothenburg", new GeoPoint(57.71, 11.97), 0.07),
        new("Copenhagen", new GeoPoint(55.68, 12.57), 0.08),
        new("Berlin", new GeoPoint(52.52, 13.40), 0.06),
        new("Munich", new GeoPoint(48.14, 11.58), 0.04),
    ];
}

/// <summary>A kind of car computer.</summary>
/// <param name="Speed">Times as fast as the average one, on each of its threads.</param>
internal sealed record DeviceClass(string Name, double Speed, int Threads, long MemoryBytes, double Share)
{
    public static IReadOnlyList<DeviceClass> All { get; } =
    [
        new("cpu-1", 0.5, 1, 2L << 30, 0.30),
        new("cpu-2", 0.8, 2, 4L << 30, 0.35),
        new("npu-2", 1.4, 2, 8L << 30, 0.25),
        new("gpu-4", 2.2, 4, 16L << 30, 0.10),
    ];
}

/// <summary>How a car reaches the seed.</summary>
/// <param name="RoundTripMs">Of the last mile, there and back.</param>
/// <param name="Bandwidth">Bytes a second.</param>
internal readonly record struct Access(double RoundTripMs, double Bandwidth, double Share)
{
    public static IReadOnlyList<Access> All { get; } =
    [
        new(4, 25e6, 0.35),
        new(9, 12e6, 0.35),
        new(28, 6e6, 0.20),
        new(45, 2.5e6, 0.10),
    ];
}

/// <summary>A car's fixed properties: a function of the run's seed and its id.</summary>
/// <param name="Speed">Of one thread; 1 = average.</param>
/// <param name="RoundTrip">To the seed and back, without jitter.</param>
internal sealed record Car(VehicleId Id, City City, DeviceClass Device, double Speed, TimeSpan RoundTrip, double Bandwidth, ulong Hash)
{
    /// <summary>Light in fibre there and back, on a detour of one half.</summary>
    private const double RoundTripMsPerKm = 0.015;

    /// <summary>Work that it does in a second, in seconds of the average car's thread.</summary>
    public double Capacity => Speed * Device.Threads;

    public static Car Of(VehicleId id, ulong seed)
    {
        var hash = Draw.Hash(seed, Draw.Hash(id.Value));
        var city = Pick(City.All, c => c.Share, Draw.Uniform(Draw.Hash(hash, 1)));
        var device = Pick(DeviceClass.All, d => d.Share, Draw.Uniform(Draw.Hash(hash, 2)));
        var access = Pick(Access.All, a => a.Share, Draw.Uniform(Draw.Hash(hash, 3)));
        var roundTripMs = access.RoundTripMs + RoundTripMsPerKm * City.Oslo.Place.DistanceKm(city.Place);
        return new Car(
            id, city, device, device.Speed * Draw.Uniform(Draw.Hash(hash, 4), 0.85, 1.15), TimeSpan.FromMilliseconds(roundTripMs), access.Bandwidth, hash);
    }

    /// <summary>It kept the model from an earlier session.</summary>
    public bool Keeps(SimModel model) => Draw.Uniform(Draw.Hash(Hash, 5, Draw.Hash(model.Reference.Name))) < model.Resident;

    private static T Pick<T>(IReadOnlyList<T> all, Func<T, double> share, double at)
    {
        foreach (var one in all)
        {
            at -= share(one);
            if (at < 0)
                return one;
        }

        return all[^1];
    }
}

/// <summary>A model and what requests for it are like.</summary>
/// <param name="Work">Mean time of one run on a thread of the average car.</param>
/// <param name="Share">Of the requests.</param>
/// <param name="Resident">Share of cars that have it from before.</param>
/// <param name="Timeouts">One of them at random is a request's.</param>
internal sealed record SimModel(
    ModelReference Reference, TimeSpan Work, double Share, double Resident, long PayloadBytes, IReadOnlyList<TimeSpan> Timeouts)
{
    public static IReadOnlyList<SimModel> Interactive { get; } =
    [
        Of('a', "keywords", 3_000_000, 30, 0.35, 0.9, 4_000, 500, 2000),
        Of('b', "detector", 14_000_000, 150, 0.35, 0.6, 60_000, 1500, 4000),
        Of('c', "speech", 60_000_000, 600, 0.30, 0.4, 200_000, 4000, 10_000),
    ];

    /// <summary>Work units of one size: low priority, and a deadline that leaves time for twenty of them and five minutes.</summary>
    public static SimModel Unit(TimeSpan work) => new(
        new ModelReference($"unit-{work.TotalSeconds:0}s", "1", new ArtifactHash(new string('d', 64)), 14_000_000),
        work, 1, 0.6, 500_000, [TimeSpan.FromMinutes(5) + 20 * work]);

    private static SimModel Of(
        char letter, string name, long size, double workMs, double share, double resident, long payload, params double[] timeoutsMs) => new(
        new ModelReference(name, "1", new ArtifactHash(new string(letter, 64)), size),
        TimeSpan.FromMilliseconds(workMs), share, resident, payload, [.. timeoutsMs.Select(TimeSpan.FromMilliseconds)]);
}
