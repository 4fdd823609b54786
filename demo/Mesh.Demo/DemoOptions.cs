using System.Globalization;
using Mesh.Demo.Processes;

namespace Mesh.Demo;

internal static class ExitCodes
{
    public const int Success = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>What a shell reports of a program that Ctrl+C ended.</summary>
    public const int Interrupted = 130;
}

/// <summary>What the demo plays.</summary>
internal enum DemoScenario
{
    /// <summary>Pictures and churn.</summary>
    MainJob,

    /// <summary>An evening of ten cars.</summary>
    Day,
}

/// <summary>The demo's command line.</summary>
internal sealed record DemoOptions
{
    public const int MinVehicles = 2;
    public const int MaxVehicles = 12;

    /// <summary>What the scenario 'day' has no use for.</summary>
    private static readonly string[] OfMainJob = ["--vehicles", "--requests", "--keep"];

    public DemoScenario Scenario { get; init; }

    public int Vehicles { get; init; } = 4;

    public int Requests { get; init; } = 500;

    public bool Keep { get; init; }

    public bool Verbose { get; init; }

    public bool Help { get; init; }

    public SeedPorts Ports { get; init; } = SeedPorts.Default;

    public static string HelpText { get; } =
        $"""
        Starts a seed and vehicles as real processes on this machine, classifies 500 labelled pictures over the Open
        Inference Protocol, kills one vehicle and drains another midway, lets them rejoin, and compares every answer
        with the labels and with a direct ONNX Runtime run.

        dotnet run --project demo/Mesh.Demo -c Release -- [options]

          --scenario day     instead: an accelerated evening of ten cars, each with its own telemetry and owner's policy,
                             under steady load; shows who is parked, serving, draining or driving, and why (two minutes)
          --vehicles N       {MinVehicles} to {MaxVehicles}, default 4
          --requests N       one picture each, default 500; more go through the 500 pictures again
          --keep             leave the mesh running until Ctrl+C, and print its addresses and a curl line
          --any-ports        use free ports instead of the defaults below
          --http-port N      default {SeedPorts.Default.Http}
          --grpc-port N      default {SeedPorts.Default.Grpc}
          --metrics-port N   default {SeedPorts.Default.Metrics}
          --work-port N      default {SeedPorts.Default.Work}
          --port N           cluster, default {SeedPorts.Default.Cluster}
          --pbm-port N       operators, default {SeedPorts.Default.Pbm}
          --verbose          print what the processes print
          --help

        Exit code 0: every picture was answered, every answer agrees with the direct run, and both vehicles rejoined.
        With --scenario day: no request was lost, every answer agrees with the direct run, and no car served outside of
        what its policy allowed. 1: not so, and it says why. 2: the options or a port cannot be used. 130: stopped by Ctrl+C.
        """;

    /// <summary>Reads <c>--name value</c> and <c>--name=value</c>. All errors are reported at once.</summary>
    public static (DemoOptions Options, IReadOnlyList<string> Errors) Parse(IReadOnlyList<string> arguments)
    {
        var options = new DemoOptions();
        var errors = new List<string>();
        // Free ports first, whatever the order: a named port is kept.
        if (arguments.Contains("--any-ports"))
            options = options with { Ports = SeedPorts.Free() };

        var rest = new Queue<string>(arguments);
        while (rest.TryDequeue(out var argument))
        {
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument : argument[..equals];
            var value = equals < 0 ? null : argument[(equals + 1)..];
            options = Apply(options, name, value, rest, errors);
        }

        if (options.Scenario == DemoScenario.Day)
        {
            var named = arguments.Select(argument => argument.Split('=')[0]);
            errors.AddRange(OfMainJob.Intersect(named).Select(option => $"{option} has no effect with --scenario day."));
        }

        foreach (var twice in options.Ports.ByOption.GroupBy(port => port.Port).Where(group => group.Count() > 1))
            errors.Add($"{string.Join(" and ", twice.Select(port => port.Option))} are both {twice.Key}: they must differ.");
        return (options, errors);
    }

    private static DemoOptions Apply(DemoOptions options, string name, string? value, Queue<string> rest, List<string> errors)
    {
        var ports = options.Ports;
        switch (name)
        {
            case "--keep" or "--verbose" or "--any-ports" or "--help" or "-h" when value is not null:
                errors.Add($"{name} takes no value.");
                return options;
            case "--keep":
                return options with { Keep = true };
            case "--verbose":
                return options with { Verbose = true };
            case "--any-ports":
                return options;
            case "--help" or "-h":
                return options with { Help = true };
            case "--scenario":
                if (Value() != "day")
                    errors.Add($"--scenario needs 'day'{(value is null ? "" : $", not '{value}'")}.");
                return options with { Scenario = DemoScenario.Day };
            case "--vehicles":
                return options with { Vehicles = Number(MinVehicles, MaxVehicles) };
            case "--requests":
                return options with { Requests = Number(1, 1_000_000) };
            case "--port":
                return options with { Ports = ports with { Cluster = Port() } };
            case "--http-port":
                return options with { Ports = ports with { Http = Port() } };
            case "--grpc-port":
                return options with { Ports = ports with { Grpc = Port() } };
            case "--metrics-port":
                return options with { Ports = ports with { Metrics = Port() } };
            case "--work-port":
                return options with { Ports = ports with { Work = Port() } };
            case "--pbm-port":
                return options with { Ports = ports with { Pbm = Port() } };
            default:
                errors.Add($"unknown option '{name}'.");
                return options;
        }

        int Port() => Number(1, 65_535);

        string? Value()
        {
            // An option that lacks its value must not swallow the next option.
            if (value is null && rest.TryPeek(out var next) && !next.StartsWith("--", StringComparison.Ordinal))
                value = rest.Dequeue();
            return value;
        }

        int Number(int least, int most)
        {
            if (Value() is null)
                errors.Add($"{name} needs a number from {least} to {most}.");
            else if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                return number;
            else
                errors.Add($"{name} needs a number from {least} to {most}, not '{value}'.");
            return least;
        }
    }
}
