using System.Collections.Frozen;
using System.Text.Json;

namespace Mesh.Hosting.Observability;

/// <summary>Values of enums as labels of metrics and attributes of spans have them, in snake_case: made once, so that asking allocates nothing.</summary>
public static class Labels
{
    /// <summary>As OpenTelemetry has it for what nobody told apart.</summary>
    private const string Other = "_OTHER";

    public static string Of<T>(T value)
        where T : struct, Enum => WordsOf<T>.All.GetValueOrDefault(value, Other);

    /// <summary>One for each value that has a name.</summary>
    public static IReadOnlyList<string> All<T>()
        where T : struct, Enum => WordsOf<T>.All.Values;

    private static class WordsOf<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> All =
            Enum.GetValues<T>().Distinct().ToFrozenDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
