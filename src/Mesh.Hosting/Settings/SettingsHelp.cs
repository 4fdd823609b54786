using Akka.Configuration;

namespace Mesh.Hosting.Settings;

/// <summary>What both programs do with settings before they start.</summary>
public static class SettingsHelp
{
    /// <summary>The configuration file beside the program, or an empty one.</summary>
    /// <exception cref="ConfigurationException">It is not valid HOCON; the message names the file.</exception>
    public static Config ReadHocon(string file)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "hocon", file);
        if (!File.Exists(path))
            return Config.Empty;
        try
        {
            return ConfigurationFactory.ParseString(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or Akka.Actor.AkkaException)
        {
            throw new ConfigurationException($"{path} is not valid HOCON: {e.Message}", e);
        }
    }

    public static string Usage(string program, IReadOnlyList<Setting> settings)
    {
        var width = settings.Max(setting => setting.Name.Length) + 4;
        var lines = settings.Select(setting => $"  {("--" + setting.Name).PadRight(width)}{setting.Needs}");
        return $"Usage: {program} [options]\n\n{string.Join('\n', lines)}\n\n"
            + "Each can also be set as mesh.NAME in hocon/ beside the program, or as MESH_NAME in the environment; the command line wins.";
    }

    /// <summary>Prints all errors at once, or that there are none.</summary>
    public static int Report(string program, IReadOnlyList<string> errors)
    {
        if (errors.Count == 0)
        {
            Console.WriteLine($"{program}: the configuration is good");
            return ExitCodes.Ok;
        }

        Console.Error.WriteLine($"{program}: {errors.Count} error(s) in the configuration");
        foreach (var error in errors)
            Console.Error.WriteLine($"  {error}");
        return ExitCodes.Configuration;
    }

    /// <summary>Prints why the program does not start although its configuration reads well.</summary>
    public static int Refuse(string program, IReadOnlyList<string> reasons)
    {
        foreach (var reason in reasons)
            Console.Error.WriteLine($"{program}: {reason}");
        return ExitCodes.Configuration;
    }
}
