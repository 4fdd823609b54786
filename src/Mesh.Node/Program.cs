using Akka.Configuration;
using Mesh.Hosting;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Node.Hosting;
using Microsoft.Extensions.Hosting;

const string Name = "mesh-node";

Config hocon;
try
{
    hocon = SettingsHelp.ReadHocon("vehicle.conf");
}
catch (ConfigurationException e)
{
    return SettingsHelp.Report(Name, [e.Message]);
}

if (args.Contains("--help"))
{
    Console.WriteLine(SettingsHelp.Usage(Name, VehicleSettings.Known));
    return ExitCodes.Ok;
}

if (args.Contains("--print-reference"))
{
    Console.Write(VehicleSettings.Reference(hocon));
    return ExitCodes.Ok;
}

var (settings, errors) = VehicleSettings.Read(hocon, Environment.GetEnvironmentVariables(), args);
errors = errors.Count > 0 ? errors : settings.Problems();
if (errors.Count > 0 || args.Contains("--check-config"))
    return SettingsHelp.Report(Name, errors);

ParentWatch.Start();
var taken = PortCheck.Problems(settings.Bind, ("port", settings.Port));
taken = [.. taken, .. settings.Operations.PortProblems()];
if (taken.Count > 0)
    return SettingsHelp.Refuse(Name, taken);

using var vehicle = VehicleProgram.Build(settings, hocon);
await vehicle.RunAsync();
return Environment.ExitCode;
