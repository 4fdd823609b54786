using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;
using Mesh.Messages;

namespace Mesh.State.Tests.Messages;

/// <summary>
/// Builds an instance of any message from a seed, and renders any message as text for comparison, lists and bytes
/// included. Each value depends on its own place only ('FleetReport.Tallies'), so that a new field changes no other.
/// </summary>
internal static class MessageBuilder
{
    /// <summary>Of a pinned sample: every list has two elements and nothing is zero, empty or null.</summary>
    public const int SampleSeed = 0;

    public static object Build(Type type, int seed) => Build(type, type.Name, seed);

    /// <summary>Equal texts mean equal messages.</summary>
    public static string Describe(object? value)
    {
        var text = new StringBuilder();
        Describe(value, text);
        return text.ToString();
    }

    private static object Build(Type type, string path, int seed)
    {
        var random = new Random(Fnv(path) ^ seed);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return seed != SampleSeed && random.Next(3) == 0 ? null! : Build(underlying, path, seed);
        if (type.IsEnum)
        {
            var values = Enum.GetValues(type).Cast<object>();
            return Pick(random, values.Where(value => seed != SampleSeed || Convert.ToInt32(value, CultureInfo.InvariantCulture) > 1));
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return BuildList(type.GetGenericArguments()[0], path, seed, random);
        if (type == typeof(IReadOnlyDictionary<string, string>))
            return BuildMap(path, seed, random);
        return Scalar(type, seed, random) ?? BuildRecord(type, path, seed);
    }

    private static object? Scalar(Type type, int seed, Random random)
    {
        // Away from the sample the edges come often, since that is where a wrong wire type shows.
        var edge = seed != SampleSeed && random.Next(4) == 0;
        if (type == typeof(bool))
            return seed == SampleSeed || random.Next(2) == 0;
        if (type == typeof(int))
            return edge ? Pick(random, [0, -1, int.MinValue, int.MaxValue]) : random.Next(1, 100_000);
        if (type == typeof(long))
            return edge ? Pick(random, [0L, -1L, long.MinValue, long.MaxValue]) : random.NextInt64(1, 1L << 40);
        if (type == typeof(ulong))
            return edge ? Pick(random, [0UL, ulong.MaxValue]) : (ulong)random.NextInt64(1, long.MaxValue);
        if (type == typeof(float))
            return edge ? Pick(random, [0f, float.MaxValue, float.Epsilon]) : (float)random.Next(1, 1000) / 8;
        if (type == typeof(string))
            return edge ? Pick(random, ["", "Grüße, 東京 🚗", new string('x', 300)]) : $"text {random.Next(1000)}";
        if (type == typeof(TimeSpan))
            return edge ? Pick(random, [TimeSpan.Zero, TimeSpan.MinValue, TimeSpan.MaxValue]) : TimeSpan.FromTicks(random.NextInt64(1, 1L << 40));
        if (type == typeof(DateTimeOffset))
        {
            return edge
                ? Pick(random, [DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch])
                : new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(random.NextInt64(1L << 48));
        }

        if (type == typeof(VehicleId))
            return new VehicleId($"V-{random.Next(1000):000}");
        if (type == typeof(RegionName))
            return new RegionName($"region_{random.Next(1000)}.x");
        if (type == typeof(ArtifactHash))
            return ArtifactHash.FromBytes(Bytes(random, 32));
        if (type == typeof(ReadOnlyMemory<byte>))
            return new ReadOnlyMemory<byte>(Bytes(random, edge ? 0 : random.Next(1, 9)));
        if (type == typeof(ActivityContext))
        {
            return edge
                ? default(ActivityContext)
                : new ActivityContext(
                    ActivityTraceId.CreateFromBytes(Bytes(random, 16)), ActivitySpanId.CreateFromBytes(Bytes(random, 8)), ActivityTraceFlags.Recorded, isRemote: true);
        }

        return null;
    }

    private static IList BuildList(Type element, string path, int seed, Random random)
    {
        var list = Array.CreateInstance(element, seed == SampleSeed ? 2 : random.Next(4));
        for (var i = 0; i < list.Length; i++)
            list.SetValue(Build(element, $"{path}[{i}]", seed), i);
        return list;
    }

    private static SortedDictionary<string, string> BuildMap(string path, int seed, Random random) => new(
        Enumerable.Range(0, seed == SampleSeed ? 2 : random.Next(4))
            .ToDictionary(i => $"key {i}", i => (string)Build(typeof(string), $"{path}[{i}]", seed)),
        StringComparer.Ordinal);

    private static object BuildRecord(Type type, string path, int seed)
    {
        // Only the protocol's own types are taken apart; anything else needs a line in Scalar.
        if (type.Assembly != typeof(VehicleId).Assembly)
            throw new NotSupportedException($"{path} is a {type}: teach MessageBuilder to make one.");
        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)!;
        var parameters = constructor.GetParameters();
        var record = constructor.Invoke([.. parameters.Select(p => Build(p.ParameterType, $"{path}.{p.Name}", seed))]);
        // Values that stand beside the constructor, as the times of a batch do.
        foreach (var property in Settable(type).Where(p => p.PropertyType.IsValueType && !Array.Exists(parameters, q => q.Name == p.Name)))
            property.SetValue(record, Build(property.PropertyType, $"{path}.{property.Name}", seed));
        return record;
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private static void Describe(object? value, StringBuilder text)
    {
        switch (value)
        {
            case null: text.Append("null"); break;
            case string s: text.Append('"').Append(s).Append('"'); break;
            case ReadOnlyMemory<byte> bytes: text.Append("0x").Append(Convert.ToHexStringLower(bytes.Span)); break;
            case DateTimeOffset at: text.Append(at.ToString("O", CultureInfo.InvariantCulture)); break;
            case VehicleId or RegionName or ArtifactHash or Enum or TimeSpan or bool: text.Append(value); break;
            case ActivityContext trace: text.Append(CultureInfo.InvariantCulture, $"{trace.TraceId}-{trace.SpanId}-{trace.TraceFlags}"); break;
            case IFormattable number: text.Append(number.ToString(null, CultureInfo.InvariantCulture)); break;
            case IEnumerable items: Join(text, '[', items.Cast<object?>().Select(item => ((string?)null, item)), ']'); break;
            default:
                text.Append(value.GetType().Name);
                Join(
                    text,
                    '(',
                    Settable(value.GetType()).Select(p => ((string?)p.Name, p.GetValue(value))),
                    ')');
                break;
        }
    }

    private static void Join(StringBuilder text, char open, IEnumerable<(string? Name, object? Value)> parts, char close)
    {
        text.Append(open);
        var first = true;
        foreach (var (name, value) in parts)
        {
            text.Append(first ? "" : ", ").Append(name is null ? "" : name + ": ");
            Describe(value, text);
            first = false;
        }

        text.Append(close);
    }

    private static object Pick<T>(Random random, IEnumerable<T> values)
    {
        var all = values.ToArray();
        return all[random.Next(all.Length)]!;
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A hash that is the same in every process, which string's own is not.</summary>
    private static int Fnv(string text) => (int)text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
