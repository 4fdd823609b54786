using System.Globalization;

namespace Mesh.Benchmarks.Policy;

/// <summary>What the policy benchmark simulates, and how much of it.</summary>
internal sealed record PolicyOptions
{
    public const string Interactive = "interactive";
    public const string Batch = "batch";
    public const string Calibration = "calibration";

    public const string HelpText = """
        usage: Mesh.Benchmarks policy [--seed N] [--windows N] [--announcing N] [--only NAME] [--quick] [--trace FILE] [--strict]

        Simulates cars that come and go as in real charging sessions, in virtual time through the production router, and holds
        its choice of a vehicle against plain ones. The same seed gives the same output.

          --seed N        random numbers of cars, requests and windows, 0 to 4294967295; default 1
          --windows N     windows of the month that are simulated, 2 to 200; default 24
          --announcing N  percent of departures that their driver announces, 0 to 100; default 30
          --only NAME     interactive, batch or calibration
          --quick         few and short windows: shows that it works, not what it is worth
          --trace FILE    other sessions, in the format of bench/data
          --strict        exit code 1 when a verdict fails
        """;

    private static readonly string[] Parts = [Interactive, Batch, Calibration];

    public uint Seed { get; init; } = 1;

    public int Windows { get; init; } = 24;

    /// <summary>Percent.</summary>
    public uint Announcing { get; init; } = 30;

    /// <summary>Null: every part.</summary>
    public string? Only { get; init; }

    public bool Quick { get; init; }

    public string Trace { get; init; } = ChargingTrace.DefaultFile;

    public bool Strict { get; init; }

    /// <summary>Length of the windows, beside the default.</summary>
    public double Scale => Quick ? 0.1 : 1;

    public bool Runs(string part) => Only is null || Only == part;

    /// <param name="arguments">Behind the command's name.</param>
    public static (PolicyOptions Options, IReadOnlyList<string> Errors) Parse(IReadOnlyList<string> arguments)
    {
        var options = new PolicyOptions();
        var errors = new List<string>();
        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var name))
        {
            options = name switch
            {
                "--strict" => options with { Strict = true },
                "--quick" => options with { Quick = true, Windows = 3 },
                "--seed" => options with { Seed = Number(0, uint.MaxValue) },
                "--windows" => options with { Windows = (int)Number(2, 200) },
                "--announcing" => options with { Announcing = Number(0, 100) },
                "--only" when rest.TryDequeue(out var part) && Parts.Contains(part) => options with { Only = part },
                "--only" => Wrong($"--only needs one of {string.Join(", ", Parts)}."),
                "--trace" when rest.TryDequeue(out var file) && File.Exists(file) => options with { Trace = file },
                "--trace" => Wrong("--trace needs a file that exists."),
                _ => Wrong($"unknown option '{name}'."),
            };

            uint Number(uint least, uint most)
            {
                if (rest.TryDequeue(out var text)
                    && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number >= least
                    && number <= most)
                    return number;
                errors.Add($"{name} needs a number from {least} to {most}.");
                return least;
            }

            PolicyOptions Wrong(string error)
            {
                errors.Add(error);
                return options;
            }
        }

        return (options, errors);
    }
}
