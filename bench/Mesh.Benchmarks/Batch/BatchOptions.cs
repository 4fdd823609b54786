using System.Globalization;

namespace Mesh.Benchmarks.Batch;

/// <summary>How large a batch, and how often.</summary>
internal sealed record BatchOptions
{
    public const string Command = "batch";

    public const string HelpText = """
        usage: Mesh.Benchmarks batch [--lines N] [--rounds N] [--strict]

        Runs a batch of fashion_cnn pictures from its creation to its end, beside a direct ONNX Runtime loop that parses the same
        JSON lines and writes the same results, in interleaved rounds of the same run.

          --lines N     lines of the batch, 100 to 200000; default 20000
          --rounds N    rounds, 1 to 99; figures are their medians; default 5
          --strict      exit code 1 when the target is missed
        """;

    public int Lines { get; init; } = 20_000;

    public int Rounds { get; init; } = 5;

    public bool Strict { get; init; }

    public static (BatchOptions Options, IReadOnlyList<string> Errors) Parse(IReadOnlyList<string> arguments)
    {
        var options = new BatchOptions();
        var errors = new List<string>();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var name))
        {
            switch (name)
            {
                case "--strict": options = options with { Strict = true }; break;
                case "--lines": options = options with { Lines = Number(100, 200_000) }; break;
                case "--rounds": options = options with { Rounds = Number(1, 99) }; break;
                default: errors.Add($"unknown option '{name}'."); break;
            }

            int Number(int least, int most)
            {
                if (rest.TryDequeue(out var text)
                    && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number >= least
                    && number <= most)
                    return number;
                errors.Add($"{name} needs a number from {least} to {most}.");
                return least;
            }
        }

        return (options, errors);
    }
}
