using System.Globalization;
using Mesh.Benchmarks;
using Mesh.Benchmarks.Batch;
using Mesh.Benchmarks.FleetLife;
using Mesh.Benchmarks.MainJob;
using Mesh.Benchmarks.Policy;
using Mesh.Benchmarks.Router;
using Mesh.Hosting;

// Hidden commands: the far ends, which this program starts itself.
switch (args)
{
    case ["echo-vehicle", var workAddress]:
        ParentWatch.Start();
        await EchoVehicle.RunAsync(workAddress);
        return ExitCodes.Ok;
    case ["echo-server", var port, .. var next]:
        ParentWatch.Start();
        await EchoServer.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), next.SingleOrDefault());
        return ExitCodes.Ok;
}

// One line a command: its name, its help, and what it runs.
var commands = new Dictionary<string, (string Help, Func<string[], Task<int>> Run)>
{
    [BenchOptions.Command] = (BenchOptions.HelpText, rest => Run(BenchOptions.Parse(rest), options => MainJobRun.RunAsync(options, Console.Out))),
    [RouterOptions.Command] =
        (RouterOptions.HelpText, rest => Run(RouterOptions.Parse(rest), options => Task.FromResult(RouterRun.Run(options, Console.Out)))),
    [BatchOptions.Command] = (BatchOptions.HelpText, rest => Run(BatchOptions.Parse(rest), options => BatchBench.RunAsync(options, Console.Out))),
    [PolicyOptions.Command] = (PolicyOptions.HelpText, rest => Run(PolicyOptions.Parse(rest), options => Task.FromResult(PolicyRun.Run(options, Console.Out)))),
    [FleetOptions.Command] = (FleetOptions.HelpText, rest => Run(FleetOptions.Parse(rest), options => FleetRun.RunAsync(options, Console.Out))),
};

if (args.Contains("--help") || args.Contains("-h"))
{
    var asked = commands.Where(command => args[0] == command.Key || !commands.ContainsKey(args[0]));
    Console.WriteLine(string.Join("\n\n", asked.Select(command => command.Value.Help)));
    return ExitCodes.Ok;
}

return args.Length > 0 && commands.TryGetValue(args[0], out var command)
    ? await command.Run(args[1..])
    : Refuse([$"the first argument must be {string.Join(" or ", commands.Keys.Select(name => $"'{name}'"))}."]);

static async Task<int> Run<T>((T Options, IReadOnlyList<string> Errors) parsed, Func<T, Task<int>> run) =>
    parsed.Errors.Count > 0 ? Refuse(parsed.Errors) : await run(parsed.Options);

static int Refuse(IReadOnlyList<string> errors)
{
    foreach (var error in errors)
        Console.Error.WriteLine($"mesh benchmarks: {error}");
    Console.Error.WriteLine("See --help.");
    return ExitCodes.Configuration;
}
