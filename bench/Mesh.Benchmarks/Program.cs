using System.Globalization;
using Mesh.Benchmarks;
using Mesh.Benchmarks.Batch;
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

if (args is [BatchOptions.Command, .. var batch])
{
    if (batch.Contains("--help"))
    {
        Console.WriteLine(BatchOptions.HelpText);
        return ExitCodes.Ok;
    }

    var (batchOptions, batchErrors) = BatchOptions.Parse(batch);
    foreach (var error in batchErrors)
        Console.Error.WriteLine($"mesh benchmarks: {error}");
    return batchErrors.Count > 0 ? ExitCodes.Configuration : await BatchBench.RunAsync(batchOptions, Console.Out);
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
