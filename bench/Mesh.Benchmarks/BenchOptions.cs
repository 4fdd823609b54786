using System.Globalization;

namespace Mesh.Benchmarks;

/// <summary>What to measure, and for how long.</summary>
internal sealed record BenchOptions
{
    public const string WorkStream = "work-stream";
    public const string Throughput = "throughput";
    public const string Latency = "latency";

    public const string HelpText = """
        usage: Mesh.Benchmarks main-job [--seconds N] [--rounds N] [--only NAME] [--strict]

        Measures the main job, each figure beside what it is held against, in interleaved rounds of the same run.

          --seconds N   length of one measurement, 1 to 600; default 3
          --rounds N    rounds, 1 to 99; figures are their medians; default 5
          --only NAME   work-stream, throughput or latency
          --strict      exit code 1 when a target is missed
        """;

    private static readonly string[] Parts = [WorkStream, Throughput, Latency];

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(3);

    public int Rounds { get; init; } = 5;

    /// <summary>Null: every part.</summary>
    public string? Only { get; init; }

    public bool Strict { get; init; }

    public bool Measures(string part) => Only is null || Only == part;

    public static (BenchOptions Options, IReadOnlyList<string> Errors) Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        var errors = new List<string>();
        var rest = new Queue<string>(arguments);
        if (!rest.TryDequeue(out var command) || command != "main-job")
            errors.Add("the first argument must be 'main-job'.");
        while (errors.Count == 0 && rest.TryDequeue(out var name))
        {
            switch (name)
            {
                case "--strict":
                    options = options with { Strict = true };
                    break;
                case "--seconds":
                    options = options with { Duration = TimeSpan.FromSeconds(Number(1, 600)) };
                    break;
                case "--rounds":
                    options = options with { Rounds = Number(1, 99) };
                    break;
                case "--only" when rest.TryDequeue(out var part) && Parts.Contains(part):
                    options = options with { Only = part };
                    break;
                case "--only":
                    errors.Add($"--only needs one of {string.Join(", ", Parts)}.");
                    break;
                default:
                    errors.Add($"unknown option '{name}'.");
                    break;
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
