using System.Globalization;
using System.Runtime.CompilerServices;
using Mesh.Hosting.Logging;
using Mesh.Operations;
using Mesh.Operations.Palettes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mesh.Hosting.Operations;

/// <summary>Answers <see cref="LogPalette"/>.</summary>
public sealed class LogHandler(LogBuffer buffer, LogLevelSwitch levels, IOptionsMonitor<LoggerFilterOptions> filter, IClusterMember member)
    : ICommandHandler
{
    private static readonly CommandOutput.Table Columns = new(["time", "level", "category", "message"]);

    public CommandPalette Palette => LogPalette.Palette;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation) => call.Command switch
    {
        "tail" => TailAsync(call, cancellation),
        "history" => History(call).ToAsyncEnumerable(),
        "level" => Level(call.Find("new")).ToAsyncEnumerable(),
        _ => throw new CommandFailedException($"'{call.Command}' is no command of this palette"),
    };

    private async IAsyncEnumerable<CommandOutput> TailAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var listener = buffer.Listen()
            ?? throw new CommandFailedException($"{LogBuffer.MaxListeners} operators tail this process already: end one of those");
        yield return Columns;
        await foreach (var line in listener.Lines.ReadAllAsync(cancellation))
        {
            if (IsAsked(call, line))
                yield return Row(line);
        }
    }

    private IEnumerable<CommandOutput> History(CommandCall call)
    {
        if (!int.TryParse(call["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit is < 1 or > LogBuffer.MaxLines)
            throw new CommandFailedException($"--limit is '{call["limit"]}': needs a whole number, 1 to {LogBuffer.MaxLines}");
        yield return Columns;
        foreach (var line in buffer.Lines.Where(line => IsAsked(call, line)).TakeLast(limit))
            yield return Row(line);
    }

    private IEnumerable<CommandOutput> Level(string? next)
    {
        var before = filter.CurrentValue.MinLevel;
        if (next is null)
        {
            yield return new CommandOutput.Line($"the least level that is logged is {NameOf(before)}");
            yield break;
        }

        levels.Set(Parse(next));
        // Akka does not even make what is below its own level, which is Information unless it is told otherwise.
        member.System?.EventStream.SetLogLevel(Parse(next) < LogLevel.Information ? Akka.Event.LogLevel.DebugLevel : Akka.Event.LogLevel.InfoLevel);
        yield return new CommandOutput.Line($"the least level that is logged is {next} from now on, it was {NameOf(before)}; a restart brings back what is configured");
    }

    private static bool IsAsked(CommandCall call, LogLine line) =>
        line.Level >= Parse(call["level"])
        && (call.Find("category") is not { } category || line.Category.StartsWith(category, StringComparison.OrdinalIgnoreCase));

    private static CommandOutput.Row Row(LogLine line) => CommandOutput.RowOf(
        line.At.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture), NameOf(line.Level), line.Category, line.Message);

    private static LogLevel Parse(string name) => Enum.Parse<LogLevel>(name, ignoreCase: true);

    private static string NameOf(LogLevel level) => level.ToString().ToLowerInvariant();
}
