namespace Mesh.Benchmarks.Router;

/// <summary>How long the decisions are measured, and up to which fleet.</summary>
internal sealed record RouterOptions(TimeSpan Duration, int Rounds, int MaxVehicles, bool Strict)
{
    public const string Command = "router";

    public const string HelpText = """
        usage: Mesh.Benchmarks router [--seconds N] [--rounds N] [--max-vehicles N] [--strict]

        Measures what a decision of the router costs in fleets of a thousand to a million vehicles.

          --seconds N        length of one measurement, 1 to 600; default 1
          --rounds N         rounds, 1 to 99; figures are their medians; default 9
          --max-vehicles N   the largest fleet, 1000 to 1000000; default 1000000 (some 3 GB of memory)
          --strict           exit code 1 when a target is missed
        """;

    public static (RouterOptions Options, IReadOnlyList<string> Errors) Parse(IEnumerable<string> arguments)
    {
        var reader = new OptionReader(arguments);
        var options = new RouterOptions(TimeSpan.FromSeconds(1), 9, 1_000_000, false);
        while (reader.Next() is { } name)
        {
            options = name switch
            {
                "--strict" => options with { Strict = true },
                "--seconds" => options with { Duration = TimeSpan.FromSeconds(reader.Number(1, 600)) },
                "--rounds" => options with { Rounds = reader.Number(1, 99) },
                "--max-vehicles" => options with { MaxVehicles = reader.Number(1000, 1_000_000) },
                _ => reader.Unknown(options),
            };
        }

        return (options, reader.Errors);
    }
}
