using System.Collections.Immutable;
using System.Globalization;

namespace Mesh.Pbm;

/// <summary>How one command is run and shown: what pbm itself takes out of a command's words, wherever it stands before <c>--</c>.</summary>
internal sealed record LineOptions
{
    public static readonly TimeSpan DefaultWatch = TimeSpan.FromSeconds(2);

    /// <summary>For the palettes.</summary>
    public ImmutableArray<string> Words { get; init; } = [];

    public bool Json { get; init; }

    public bool Yes { get; init; }

    public bool NoColor { get; init; }

    /// <summary>The command is run anew after each of these; null = once.</summary>
    public TimeSpan? Watch { get; init; }

    public static (LineOptions Options, ImmutableArray<string> Errors) Read(IReadOnlyList<string> words)
    {
        var options = new LineOptions();
        var rest = ImmutableArray.CreateBuilder<string>();
        var errors = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "--":
                    rest.AddRange(words.Skip(i));
                    return (options with { Words = rest.ToImmutable() }, errors.ToImmutable());
                case "--json":
                    options = options with { Json = true };
                    break;
                case "--yes":
                    options = options with { Yes = true };
                    break;
                case "--no-color":
                    options = options with { NoColor = true };
                    break;
                case "--watch" when i + 1 < words.Count && Seconds(words[i + 1]) is { } next:
                    options = options with { Watch = next };
                    i++;
                    break;
                case "--watch":
                    options = options with { Watch = DefaultWatch };
                    break;
                case var word when word.StartsWith("--watch=", StringComparison.Ordinal):
                    options = options with { Watch = Seconds(word["--watch=".Length..]) ?? DefaultWatch };
                    if (Seconds(word["--watch=".Length..]) is null)
                        errors.Add($"{word}: needs seconds, 0.1 to 86400");
                    break;
                default:
                    rest.Add(words[i]);
                    break;
            }
        }

        return (options with { Words = rest.ToImmutable() }, errors.ToImmutable());
    }

    /// <summary>What is not said here is as it is there.</summary>
    public LineOptions Or(LineOptions defaults) => this with
    {
        Json = Json || defaults.Json,
        Yes = Yes || defaults.Yes,
        NoColor = NoColor || defaults.NoColor,
        Watch = Watch ?? defaults.Watch,
    };

    private static TimeSpan? Seconds(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0.1 and <= 86400
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
