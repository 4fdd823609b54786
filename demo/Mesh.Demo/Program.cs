using Mesh.Demo;

var (options, errors) = DemoOptions.Parse(args);
if (errors.Count > 0)
{
    foreach (var error in errors)
        Console.Error.WriteLine($"mesh demo: {error}");
    Console.Error.WriteLine("See --help.");
    return ExitCodes.Usage;
}

if (options.Help)
{
    Console.WriteLine(DemoOptions.HelpText);
    return ExitCodes.Success;
}

using var signals = new StopSignals();
return await DemoRun.RunAsync(options, Console.Out, signals.Token);
