using System.Runtime.InteropServices;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// How likely a parked vehicle stays: a hazard learned from ended sessions. Parked cars are not memoryless, so it is the
/// product of the fleet's rate by hour of week (UTC), a factor by the time plugged in so far, a factor for the two together,
/// and the vehicle's own factor, over all and by part of the day, each shrunk towards the level above it by what little
/// evidence weighs. Pure. Queries cost the same however many sessions were seen, and allocate nothing.
/// </summary>
public sealed class DepartureModel(int maxVehicles = 100_000)
{
    internal const int Hours = 168;

    /// <summary>A week from now nothing is known: horizons are cut there.</summary>
    private const int MaxHorizonHours = Hours;

    /// <summary>The longest session that is learned from; a car that stands for longer is left out of the rest.</summary>
    private const int MaxSessionHours = 1000;

    /// <summary>Departures that the fleet's book holds before it forgets half: the last months of a region count.</summary>
    private const double MaxDepartures = 40_000;

    private readonly Dictionary<VehicleId, DepartureProfile> _profiles = [];
    private readonly DepartureTable _fleet = new();

    /// <summary>Vehicles with a profile of their own.</summary>
    public int Vehicles => _profiles.Count;

    /// <summary>Grows with everything learned about the fleet.</summary>
    public long Version { get; private set; }

    /// <summary>A vehicle was parked and plugged in from the one time to the other. Times that make no session are ignored.</summary>
    public void Observed(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset leftAt)
    {
        if (leftAt <= parkedAt)
            return;
        var profile = ProfileOf(vehicle);
        profile.Fade();
        var end = leftAt - parkedAt > TimeSpan.FromHours(MaxSessionHours) ? parkedAt + TimeSpan.FromHours(MaxSessionHours) : leftAt;
        _fleet.Fit();
        for (var at = parkedAt; at < end;)
        {
            var next = Earlier(end, Earlier(HourAfter(at, 0), HourAfter(at, parkedAt.UtcTicks)));
            var (hour, elapsed) = (HourOfWeek(at.UtcTicks), DepartureTable.ElapsedBin((at - parkedAt).TotalHours));
            var hours = (next - at).TotalHours;
            profile.Expect(hour, _fleet.Rate(hour, elapsed) * hours);
            _fleet.Expose(hour, elapsed, hours, left: next == leftAt);
            if (next == leftAt)
                profile.Left(hour);
            at = next;
        }

        _fleet.ForgetBeyond(MaxDepartures);
        profile.Settle(leftAt);
        Version++;
    }

    /// <summary>Chance that it is still there after <paramref name="horizon"/>, given that it is there now.</summary>
    public double Stay(VehicleId vehicle, DateTimeOffset parkedAt, DateTimeOffset now, TimeSpan horizon) =>
        Math.Exp(-Hazard(_profiles.GetValueOrDefault(vehicle), parkedAt.UtcTicks, now.UtcTicks, horizon.TotalHours));

    /// <summary>Null for a vehicle of which nothing is known.</summary>
    internal DepartureProfile? Find(VehicleId vehicle) => _profiles.GetValueOrDefault(vehicle);

    /// <summary>Departures to expect within so many hours, if it could leave again and again.</summary>
    internal double Hazard(DepartureProfile? profile, long parkedTicks, long nowTicks, double hours)
    {
        _fleet.Fit();
        var left = Math.Min(hours, MaxHorizonHours);
        var elapsed = Math.Max(0, (nowTicks - parkedTicks) / (double)TimeSpan.TicksPerHour);
        var toNextHour = 1 - (double)(nowTicks % TimeSpan.TicksPerHour) / TimeSpan.TicksPerHour;
        var hour = HourOfWeek(nowTicks);
        var sum = 0.0;
        while (left > 0)
        {
            var step = Math.Min(left, toNextHour);
            sum += step * _fleet.Rate(hour, DepartureTable.ElapsedBin(elapsed)) * (profile?.Factor(hour) ?? 1);
            (left, elapsed, toNextHour) = (left - step, elapsed + step, 1);
            hour = hour == Hours - 1 ? 0 : hour + 1;
        }

        return sum;
    }

    internal void Learned(VehicleRecord record)
    {
        if (record.Departures is { Count: DepartureProfile.Length } numbers)
            ProfileOf(record.Vehicle).Restore(numbers, record.LastSeen);
    }

    internal void Learned(FleetDepartures fleet)
    {
        if (_fleet.Restore(fleet))
            Version++;
    }

    /// <summary>The lasting form of what is known of one vehicle; empty when that is nothing.</summary>
    internal IReadOnlyList<float> FactorsOf(VehicleId vehicle) => Find(vehicle)?.ToFactors() ?? [];

    internal FleetDepartures ToFleetDepartures() => _fleet.ToRecord();

    internal void Forget(VehicleId vehicle) => _profiles.Remove(vehicle);

    private DepartureProfile ProfileOf(VehicleId vehicle)
    {
        ref var profile = ref CollectionsMarshal.GetValueRefOrAddDefault(_profiles, vehicle, out var known);
        if (known)
            return profile!;
        var made = profile = new DepartureProfile();
        if (_profiles.Count > maxVehicles)
        {
            // In one sweep with some slack, so that a full book does not sort itself for every newcomer.
            foreach (var oldest in _profiles.Where(p => p.Value != made).OrderBy(p => p.Value.LastSeen).Take(1 + maxVehicles / 10).ToList())
                _profiles.Remove(oldest.Key);
        }

        return made;
    }

    private static int HourOfWeek(long utcTicks) => (int)(utcTicks / TimeSpan.TicksPerHour % Hours);

    /// <summary>The next full hour counted from <paramref name="start"/>.</summary>
    private static DateTimeOffset HourAfter(DateTimeOffset at, long start)
    {
        var since = at.UtcTicks - start;
        return at.AddTicks(TimeSpan.TicksPerHour - since % TimeSpan.TicksPerHour);
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
