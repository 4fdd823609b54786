using System.Globalization;
using Mesh.Benchmarks;
using Mesh.Benchmarks.MainJob;
using Mesh.Benchmarks.Policy;
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

if (args is ["policy", .. var policy] && !policy.Contains("--help"))
    return PolicyRun.Run(policy, Console.Out, Console.Error);

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(args[0] == "policy" ? PolicyOptions.HelpText : BenchOptions.HelpText);
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
