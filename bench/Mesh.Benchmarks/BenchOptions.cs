namespace Mesh.Benchmarks;

/// <summary>What of the main job to measure, and for how long.</summary>
internal sealed record BenchOptions
{
    public const string Command = "main-job";
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

    public static (BenchOptions Options, IReadOnlyList<string> Errors) Parse(IEnumerable<string> arguments)
    {
        var reader = new OptionReader(arguments);
        var options = new BenchOptions();
        while (reader.Next() is { } name)
        {
            options = name switch
            {
                "--strict" => options with { Strict = true },
                "--seconds" => options with { Duration = TimeSpan.FromSeconds(reader.Number(1, 600)) },
                "--rounds" => options with { Rounds = reader.Number(1, 99) },
                "--only" => options with { Only = reader.OneOf(Parts) },
                _ => reader.Unknown(options),
            };
        }

        return (options, reader.Errors);
    }
}
