using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress;

/// <summary>What a request's parameters ask for. Custom ones (any other name) are accepted and have no effect.</summary>
/// <param name="Timeout">Null = the default.</param>
/// <param name="BinaryOutputs">Every output as binary, unless it says otherwise; REST only.</param>
internal readonly record struct RequestParameters(TimeSpan? Timeout, uint Priority, bool BinaryOutputs)
{
    // Timers of the platform end at 2^32 - 2 ms; nobody waits for a picture that long.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <exception cref="RequestRefusedException">A reserved name with a value that is not possible or not supported.</exception>
    public static RequestParameters Read(IReadOnlyDictionary<string, Parameter> parameters)
    {
        TimeSpan? timeout = null;
        uint priority = 0;
        var binary = false;
        foreach (var (name, value) in parameters)
        {
            switch (name)
            {
                case "timeout": timeout = ReadTimeout(value); break;
                case "priority": priority = ReadPriority(value); break;
                case "binary_data_output": binary = ReadBoolean(name, value); break;
                case "sequence_id" or "sequence_start" or "sequence_end":
                    throw Invalid($"parameter '{name}' is not supported: requests cannot be tied into sequences here");
                case "headers": throw Invalid("parameter 'headers' is reserved and must not be set by a client");
                case var reserved when reserved.StartsWith("triton_", StringComparison.Ordinal):
                    throw Invalid($"parameter '{name}' is not known: names starting with 'triton_' are reserved");
            }
        }

        return new RequestParameters(timeout, priority, binary);
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
        ? (uint)priority
        : throw Invalid($"parameter 'priority' must be a whole number from 0 to {uint.MaxValue} (0 = default, 1 = highest)");
}
