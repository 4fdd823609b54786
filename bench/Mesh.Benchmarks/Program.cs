using System.Globalization;
using Mesh.Benchmarks;
using Mesh.Benchmarks.MainJob;
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

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(BenchOptions.HelpText);
    return ExitCodes.Ok;
}

var (options, errors) = BenchOptions.Parse(args);
if (errors.Count > 0)
{
    foreach (var error in errors)
        Console.Error.WriteLine($"mesh benchmarks: {error}");
    Console.Error.WriteLine("See --help.");
    return ExitCodes.Configuration;
}

return await MainJobRun.RunAsync(options, Console.Out);
