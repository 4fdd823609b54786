using Mesh.Messages;
using Mesh.Seed.Routing.Queueing;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress;

/// <summary>What a request's parameters ask for (docs/parameters.md). Custom ones (any other name) are accepted and have no effect.</summary>
/// <param name="Timeout">Null = the default.</param>
/// <param name="BinaryOutputs">Every output as binary, unless it says otherwise; REST only.</param>
/// <param name="Region">Null = this one.</param>
/// <param name="Location">Where the client is; null = at this seed.</param>
/// <param name="MaxDistanceKm">Null = any.</param>
internal readonly record struct RequestParameters(
    TimeSpan? Timeout, uint Priority, bool BinaryOutputs, string? Region, GeoPoint? Location, double? MaxDistanceKm)
{
    // Timers of the platform end at 2^32 - 2 ms; nobody waits for a picture that long.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <exception cref="RequestRefusedException">A reserved name with a value that is not possible or not supported.</exception>
    public static RequestParameters Read(IReadOnlyDictionary<string, Parameter> parameters)
    {
        var read = default(RequestParameters);
        foreach (var (name, value) in parameters)
        {
            switch (name)
            {
                case "timeout": read = read with { Timeout = ReadTimeout(value) }; break;
                case "priority": read = read with { Priority = ReadPriority(value) }; break;
                case "binary_data_output": read = read with { BinaryOutputs = ReadBoolean(name, value) }; break;
                case "mesh_region": read = read with { Region = ReadRegion(value) }; break;
                case "mesh_location": read = read with { Location = ReadLocation(value) }; break;
                case "mesh_max_distance_km": read = read with { MaxDistanceKm = ReadDistance(value) }; break;
                case "sequence_id" or "sequence_start" or "sequence_end":
                    throw Invalid($"parameter '{name}' is not supported: requests cannot be tied into sequences here");
                case "headers": throw Invalid("parameter 'headers' is reserved and must not be set by a client");
                case var reserved when reserved.StartsWith("triton_", StringComparison.Ordinal):
                    throw Invalid($"parameter '{name}' is not known: names starting with 'triton_' are reserved");
                case var own when own.StartsWith("mesh_", StringComparison.Ordinal):
                    throw Invalid($"parameter '{name}' is not known: of the names starting with 'mesh_' a request may have mesh_location, mesh_max_distance_km and mesh_region");
            }
        }

        return read;
    }

    public static bool ReadBoolean(string name, Parameter value) => value.Kind == ParameterKind.Boolean
        ? value.Boolean
        : throw Invalid($"parameter '{name}' must be true or false");

    private static TimeSpan? ReadTimeout(Parameter value)
    {
        if (!value.TryGetUnsigned(out var microseconds))
            throw Invalid("parameter 'timeout' must be a whole number of microseconds, 0 or more (0 = the server's default)");
        if (microseconds == 0)
            return null;
        return microseconds >= Longest.TotalMicroseconds ? Longest : TimeSpan.FromMicroseconds(microseconds);
    }

    private static uint ReadPriority(Parameter value) => value.TryGetUnsigned(out var priority) && priority <= uint.MaxValue
        ? priority <= PriorityLevel.Lowest ? (uint)priority : 0
        : throw Invalid($"parameter 'priority' must be a whole number from 0 to {uint.MaxValue} (1 = highest; 0 and all above {PriorityLevel.Lowest} = default, the lowest)");

    private static string ReadRegion(Parameter value) => value is { Kind: ParameterKind.Text, Text.Length: > 0 }
        ? value.Text
        : throw Invalid("parameter 'mesh_region' must be a string, the name of a region");

    private static GeoPoint ReadLocation(Parameter value) => value.Kind == ParameterKind.Text && GeoPoint.TryParse(value.Text, out var location)
        ? location
        : throw Invalid("parameter 'mesh_location' must be a string \"LATITUDE,LONGITUDE\" in degrees, -90 to 90 and -180 to 180, e.g. \"50.11,8.68\"");

    private static double ReadDistance(Parameter value)
    {
        var distance = value.Kind switch
        {
            ParameterKind.Integer => value.Integer,
            ParameterKind.Unsigned => unchecked((ulong)value.Integer),
            ParameterKind.Number => value.Number,
            _ => double.NaN,
        };
        return distance > 0 && double.IsFinite(distance)
            ? distance
            : throw Invalid("parameter 'mesh_max_distance_km' must be a number of kilometres above 0");
    }
}
