using System.Globalization;

namespace Mesh.Messages;

/// <summary>
/// Pseudonym of a vehicle, never its VIN: 1 to 64 letters, digits, '-', '_' or '.', because it becomes part of a
/// cluster role and of a shard id. The default value is not a valid id and says so when it is used.
/// </summary>
public readonly record struct VehicleId
{
    private readonly string? _value;

    /// <exception cref="FormatException">The text is not a valid id; the message says why.</exception>
    public VehicleId(string value)
    {
        if (!IdText.IsValid(value))
            throw new FormatException($"'{value}' is not a vehicle id: {IdText.Rule}");
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("This VehicleId was never given a value.");

    public static bool TryParse(string? text, out VehicleId id)
    {
        var valid = IdText.IsValid(text);
        id = valid ? new VehicleId(text!) : default;
        return valid;
    }

    public override string ToString() => _value ?? "(no vehicle)";
}

/// <summary>Name of a region, one Akka cluster. The same characters as <see cref="VehicleId"/>.</summary>
public readonly record struct RegionName
{
    private readonly string? _value;

    /// <exception cref="FormatException">The text is not a valid name; the message says why.</exception>
    public RegionName(string value)
    {
        if (!IdText.IsValid(value))
            throw new FormatException($"'{value}' is not a region name: {IdText.Rule}");
        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("This RegionName was never given a value.");

    public override string ToString() => _value ?? "(no region)";
}

internal static class IdText
{
    public const string Rule = "1 to 64 letters, digits, '-', '_' or '.'";

    public static bool IsValid(string? text) =>
        text is { Length: >= 1 and <= 64 } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}

/// <summary>
/// Number of a vehicle's session. Grows with each session of one vehicle, also when its disk was wiped, so that the
/// newest one always wins (see docs/ARCHITECTURE.md, "A parked session").
/// </summary>
public readonly record struct SessionEpoch(ulong Value) : IComparable<SessionEpoch>
{
    public int CompareTo(SessionEpoch other) => Value.CompareTo(other.Value);

    public static bool operator <(SessionEpoch left, SessionEpoch right) => left.Value < right.Value;

    public static bool operator >(SessionEpoch left, SessionEpoch right) => left.Value > right.Value;

    public static bool operator <=(SessionEpoch left, SessionEpoch right) => left.Value <= right.Value;

    public static bool operator >=(SessionEpoch left, SessionEpoch right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A cluster member's Akka address with the uid of its ActorSystem: the same address restarted is another node.</summary>
public readonly record struct NodeAddress(string Address, int Uid)
{
    public override string ToString() => $"{Address}#{Uid}";
}

/// <summary>A point on Earth in degrees. Vehicles tell only a coarse one.</summary>
public readonly record struct GeoPoint(double Latitude, double Longitude)
{
    private const double EarthRadiusKm = 6371.0088;

    public static bool TryParse(string? text, out GeoPoint point)
    {
        point = default;
        var parts = text?.Split(',');
        if (parts is not { Length: 2 }
            || !double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var latitude)
            || !double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var longitude)
            || !(Math.Abs(latitude) <= 90) || !(Math.Abs(longitude) <= 180))
            return false;
        point = new GeoPoint(latitude, longitude);
        return true;
    }

    /// <summary>Great-circle distance in kilometres (haversine).</summary>
    public double DistanceKm(GeoPoint other)
    {
        var (phi1, phi2) = (double.DegreesToRadians(Latitude), double.DegreesToRadians(other.Latitude));
        var dPhi = phi2 - phi1;
        var dLambda = double.DegreesToRadians(other.Longitude - Longitude);
        var a = Math.Pow(Math.Sin(dPhi / 2), 2) + Math.Cos(phi1) * Math.Cos(phi2) * Math.Pow(Math.Sin(dLambda / 2), 2);
        return 2 * EarthRadiusKm * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Latitude:0.####},{Longitude:0.####}");
}
