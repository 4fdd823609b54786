using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Operations;

/// <summary>A drain that is in force.</summary>
/// <param name="By">The operator who asked for it.</param>
public sealed record DrainInForce(DateTimeOffset Since, DateTimeOffset Until, string By);

/// <summary>
/// Whether operators have drained this vehicle: then it takes no work, in later sessions and after a restart neither, until one
/// resumes it or its time is over. Kept in <c>operator-drain.json</c> of the data folder. Thread-safe.
/// </summary>
public sealed partial class OperatorDrain : IDisposable
{
    /// <summary>Where the operator names no time.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromHours(24);

    /// <summary>Nobody shall have to remember a vehicle for longer: an operator who wants to, drains it again.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    private const int MaxName = 100;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly string _folder;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _over;
    private readonly Lock _changing = new();
    private volatile DrainInForce? _drained;

    public OperatorDrain(string folder, TimeProvider time, ILogger<OperatorDrain> logger)
    {
        (_folder, _path, _time, _logger) = (folder, Path.Combine(folder, "operator-drain.json"), time, logger);
        _over = time.CreateTimer(_ => Lapse(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _drained = Read();
        Watch();
    }

    /// <summary>Raised after each change, on any thread; must not block.</summary>
    public event Action? Changed;

    /// <summary>Null while it may work, as far as operators go.</summary>
    public DrainInForce? Current => _drained is { } drained && drained.Until > _time.GetUtcNow() ? drained : null;

    /// <summary>A drain while another is in force takes its place.</summary>
    /// <param name="span">Cut at <see cref="Longest"/>; zero = <see cref="Usual"/>.</param>
    /// <exception cref="IOException">It cannot be kept, so that it is not in force either.</exception>
    public void Drain(TimeSpan span, string by)
    {
        var now = _time.GetUtcNow();
        var length = span <= TimeSpan.Zero ? Usual : span < Longest ? span : Longest;
        var drained = new DrainInForce(now, now + length, by.Length <= MaxName ? by : by[..MaxName]);
        Change(drained, () =>
        {
            Directory.CreateDirectory(_folder);
            var draft = _path + ".new";
            File.WriteAllText(draft, JsonSerializer.Serialize(drained, Options));
            File.Move(draft, _path, overwrite: true);
        });
        LogDrained(drained.By, drained.Until);
    }

    /// <exception cref="IOException">The next start of the process would not know of it, so that it is not in force either.</exception>
    public void Resume()
    {
        if (_drained is null)
            return;
        Change(null, Forget);
        LogResumed();
    }

    public void Dispose() => _over.Dispose();

    private void Change(DrainInForce? drained, Action keep)
    {
        lock (_changing)
            Put(drained, keep);
        Changed?.Invoke();
    }

    /// <summary>Under the lock.</summary>
    private void Put(DrainInForce? drained, Action keep)
    {
        try
        {
            keep();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        _drained = drained;
        Watch();
    }

    private void Lapse()
    {
        // Nobody must drain it anew between the look at the clock and the end of the former drain.
        lock (_changing)
        {
            if (Current is not null)
            {
                // The timer was early.
                Watch();
                return;
            }

            if (_drained is null)
                return;
            try
            {
                Put(null, Forget);
                LogResumed();
            }
            catch (IOException)
            {
                // What is left on the disk is over, and says so itself.
            }
        }

        Changed?.Invoke();
    }

    private void Forget() => File.Delete(_path);

    private void Watch() =>
        _over.Change(_drained is { } drained ? Positive(drained.Until - _time.GetUtcNow()) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private static TimeSpan Positive(TimeSpan span) => span > TimeSpan.Zero ? span + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;

    private DrainInForce? Read()
    {
        try
        {
            if (!File.Exists(_path))
                return null;
            var drained = JsonSerializer.Deserialize<DrainInForce>(File.ReadAllText(_path), Options);
            // A clock that was wrong must not hold it for years.
            return drained is not null && drained.Until - _time.GetUtcNow() <= Longest ? drained : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            LogUnreadable(_path, e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Drained by {Operator}: no work until {Until:u}, or until it is resumed")]
    private partial void LogDrained(string @operator, DateTimeOffset until);

    [LoggerMessage(Level = LogLevel.Information, Message = "Resumed: operators let it work again")]
    private partial void LogResumed();

    [LoggerMessage(Level = LogLevel.Error, Message = "Whether operators drained this vehicle cannot be read from {Path}, and it counts as not drained: {Reason}")]
    private partial void LogUnreadable(string path, string reason);
}
