namespace Mesh.Benchmarks.Policy;

/// <summary>What the policy benchmark simulates, and how much of it.</summary>
internal sealed record PolicyOptions
{
    public const string Command = "policy";
    public const string Interactive = "interactive";
    public const string Batch = "batch";
    public const string Calibration = "calibration";

    public const string HelpText = """
        usage: Mesh.Benchmarks policy [--seed N] [--windows N] [--announcing N] [--only NAME] [--quick] [--trace FILE] [--strict]

        Simulates cars that come and go as in real charging sessions, in virtual time through the production router, and holds
        its choice of a vehicle against plain ones. The same seed gives the same output.

          --seed N        random numbers of cars, requests and windows, 0 to 2147483647; default 1
          --windows N     windows of the month that are simulated, 2 to 200; default 24
          --announcing N  percent of departures that their driver announces, 0 to 100; default 30
          --only NAME     interactive, batch or calibration
          --quick         few and short windows: shows that it works, not what it is worth
          --trace FILE    other sessions, in the format of bench/data
          --strict        exit code 1 when a verdict fails
        """;

    private const int QuickWindows = 2;

    private static readonly string[] Parts = [Interactive, Batch, Calibration];

    public int Seed { get; init; } = 1;

    public int Windows { get; init; } = 24;

    /// <summary>Percent.</summary>
    public int Announcing { get; init; } = 30;

    /// <summary>Null: every part.</summary>
    public string? Only { get; init; }

    public bool Quick { get; init; }

    public string Trace { get; init; } = ChargingTrace.DefaultFile;

    public bool Strict { get; init; }

    /// <summary>Length of the windows, beside the default.</summary>
    public double Scale => Quick ? 0.1 : 1;

    public bool Runs(string part) => Only is null || Only == part;

    public static (PolicyOptions Options, IReadOnlyList<string> Errors) Parse(IEnumerable<string> arguments)
    {
        var reader = new OptionReader(arguments);
        var options = new PolicyOptions();
        while (reader.Next() is { } name)
        {
            options = name switch
            {
                "--strict" => options with { Strict = true },
                "--quick" => options with { Quick = true, Windows = QuickWindows },
                "--seed" => options with { Seed = reader.Number(0, int.MaxValue) },
                "--windows" => options with { Windows = reader.Number(2, 200) },
                "--announcing" => options with { Announcing = reader.Number(0, 100) },
                "--only" => options with { Only = reader.OneOf(Parts) },
                "--trace" => options with { Trace = reader.Text("a file in the format of bench/data") ?? "" },
                _ => reader.Unknown(options),
            };
        }

        return (options, reader.Errors);
    }
}
