using Akka.Configuration;
using Mesh.Hosting;
using Mesh.Hosting.Settings;
using Mesh.Seed;
using Mesh.Seed.Hosting;
using Mesh.Seed.Membership;

const string Name = "mesh-seed";

Config hocon;
try
{
    hocon = SettingsHelp.ReadHocon("seed.conf");
}
catch (ConfigurationException e)
{
    return SettingsHelp.Report(Name, [e.Message]);
}

if (args.Contains("--help"))
{
    Console.WriteLine(SettingsHelp.Usage(Name, SeedSettings.Known));
    return ExitCodes.Ok;
}

if (args.Contains("--print-reference"))
{
    Console.Write(SeedSettings.Reference(hocon));
    return ExitCodes.Ok;
}

var (settings, errors) = SeedSettings.Read(hocon, Environment.GetEnvironmentVariables(), args);
errors = [.. errors, .. settings.Operations.Problems()];
if (errors.Count > 0 || args.Contains("--check-config"))
    return SettingsHelp.Report(Name, errors);
if (args.Contains("--health"))
    return await HealthProbe.RunAsync(settings);

ParentWatch.Start();
var taken = PortCheck.Problems(
    settings.Bind,
    ("port", settings.Port),
    ("http-port", settings.HttpPort),
    ("grpc-port", settings.GrpcPort),
    ("metrics-port", settings.MetricsPort),
    ("work-port", settings.WorkPort));
taken = [.. taken, .. settings.Operations.PortProblems()];
if (taken.Count > 0)
    return SettingsHelp.Refuse(Name, taken);

try
{
    using var data = new DataFolder(settings.Data);
    settings.Journal.Prepare();
    await JournalTables.CreateAsync(settings.Journal, settings.Region);
    await using var seed = SeedHost.Build(settings, hocon);
    await seed.RunAsync();
    return Environment.ExitCode;
}
catch (IOException e)
{
    Console.Error.WriteLine($"{Name}: {e.Message}");
    return ExitCodes.Configuration;
}
