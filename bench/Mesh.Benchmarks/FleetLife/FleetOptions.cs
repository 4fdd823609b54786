using Mesh.Benchmarks.Policy;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>How many cars come and go, how fast, and what is asked of them.</summary>
internal sealed record FleetOptions
{
    public const string Command = "fleet";

    public const string HelpText = """
        usage: Mesh.Benchmarks fleet [--cars N] [--minutes N] [--speed N] [--seed N] [--strict]

        A seed and cars in this process, on real ports; the cars come and go as in real charging sessions, accelerated, under
        steady interactive load. Counts how every request ended, and how long departures and arrivals took.

          --cars N      cars, 2 to 60; default 20
          --minutes N   length of the run, 1 to 60; default 8
          --speed N     seconds of the sessions in a second, 60 to 10000; default 720 (a day in two minutes)
          --seed N      random numbers of departures and requests, 0 to 2147483647; default 1
          --strict      exit code 1 when a request is lost, late or wrong, or a limit is missed
        """;

    public int Cars { get; init; } = 20;

    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(8);

    /// <summary>Seconds of the sessions in one of the run.</summary>
    public double Speed { get; init; } = 720;

    public int Seed { get; init; } = 1;

    public bool Strict { get; init; }

    /// <summary>Requests of one picture a second.</summary>
    public double Pictures { get; init; } = 20;

    /// <summary>Requests a second that run for about <see cref="SlowModel.Run"/>, beside those that meet the departures.</summary>
    public double Slow { get; init; } = 0.5;

    public string Trace { get; init; } = ChargingTrace.DefaultFile;

    public static (FleetOptions Options, IReadOnlyList<string> Errors) Parse(IEnumerable<string> arguments)
    {
        var reader = new OptionReader(arguments);
        var options = new FleetOptions();
        while (reader.Next() is { } name)
        {
            options = name switch
            {
                "--cars" => options with { Cars = reader.Number(2, 60) },
                "--minutes" => options with { Length = TimeSpan.FromMinutes(reader.Number(1, 60)) },
                "--speed" => options with { Speed = reader.Number(60, 10_000) },
                "--seed" => options with { Seed = reader.Number(0, int.MaxValue) },
                "--strict" => options with { Strict = true },
                _ => reader.Unknown(options),
            };
        }

        return (options, reader.Errors);
    }
}
