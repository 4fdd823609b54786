using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Akka.Configuration.Hocon;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Hosting.Operations;

/// <summary>Answers <see cref="SystemPalette"/>.</summary>
public sealed class SystemHandler(IClusterMember self, TimeProvider time) : ICommandHandler
{
    /// <summary>A key with one of these in its name may hold a password.</summary>
    private static readonly string[] Secrets = ["connection-string", "password", "secret", "token", "credential", "passphrase", "cookie"];

    public CommandPalette Palette => SystemPalette.Palette;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => call.Command switch
    {
        "uptime" => Uptime().ToAsyncEnumerable(),
        "config" => Config(call["path"]).ToAsyncEnumerable(),
        _ => throw new CommandFailedException($"'{call.Command}' is no command of this palette"),
    };

    private IEnumerable<CommandOutput> Uptime()
    {
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime);
        var up = time.GetUtcNow() - started;
        yield return new CommandOutput.Table(["process", "value"]);
        yield return CommandOutput.RowOf("up since", started.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", null));
        yield return CommandOutput.RowOf("up for", $"{(int)up.TotalDays} d {up:hh\\:mm\\:ss}");
        yield return CommandOutput.RowOf("up for, s", (long)up.TotalSeconds);
        yield return CommandOutput.RowOf("version", MeshSystem.Version);
        yield return CommandOutput.RowOf("runtime", $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}");
        yield return CommandOutput.RowOf("process id", Environment.ProcessId);
        yield return CommandOutput.RowOf("processors", Environment.ProcessorCount);
        yield return CommandOutput.RowOf("processor time, s", Math.Round(process.TotalProcessorTime.TotalSeconds, 1));
        yield return CommandOutput.RowOf("resident memory, MiB", process.WorkingSet64 >> 20);
        yield return CommandOutput.RowOf("managed memory, MiB", GC.GetTotalMemory(forceFullCollection: false) >> 20);
        yield return CommandOutput.RowOf("threads", process.Threads.Count);
        yield return CommandOutput.RowOf("actor system since", Since());
    }

    private string Since() => self.System switch
    {
        null => $"none: {self.Absence}",
        { WhenTerminated.IsCompleted: true } => "none: it has ended",
        var system => (time.GetUtcNow() - system.Uptime).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", null),
    };

    private IEnumerable<CommandOutput> Config(string path)
    {
        HoconValue? value;
        try
        {
            value = self.Running().Settings.Config.GetValue(path);
        }
        catch (Exception e) when (e is FormatException or Akka.Configuration.ConfigurationException or ArgumentException)
        {
            throw new CommandFailedException($"'{path}' is no HOCON path: {e.Message}");
        }

        if (value is null)
            throw new CommandFailedException($"the configuration has nothing at '{path}'");
        var key = path.Split('.')[^1];
        yield return new CommandOutput.Document(new JsonObject { [path] = Render(key, value) });
    }

    internal static JsonNode? Render(string key, HoconValue value)
    {
        if (value.IsObject())
        {
            var content = new JsonObject();
            foreach (var (name, child) in value.GetObject().Items.OrderBy(item => item.Key, StringComparer.Ordinal))
                content[name] = Render(name, child);
            return content;
        }

        if (Array.Exists(Secrets, secret => key.Contains(secret, StringComparison.OrdinalIgnoreCase)))
            return value.IsEmpty || value.GetString() is null or "" ? "" : "(not shown)";
        if (value.IsArray())
            return new JsonArray([.. value.GetArray().Select(item => Render(key, item))]);
        return value.GetString();
    }
}
