using Mesh.Messages;

namespace Mesh.Node.Metering;

/// <summary>Sums up what one session uses. Pure.</summary>
public sealed class SessionMeter(string deviceClass, DateTimeOffset started)
{
    /// <summary>Models beyond so many are summed up under <see cref="OtherModels"/>.</summary>
    public const int MaxModels = 256;

    public const string OtherModels = "(other)";

    private readonly DailyUsage _days = new();
    private readonly Dictionary<string, UsageSum> _models = [];
    private UsageSum _interactive;
    private UsageSum _batch;
    private MeterMethods _methods;
    private long _modelBytes;
    private SessionEpoch _epoch;
    private DateTimeOffset _started = started;

    /// <summary>Nothing was used and no session has begun: not worth a line.</summary>
    public bool IsNothing => _epoch == default && _models.Count == 0 && _modelBytes == 0;

    /// <summary>The session that this is for has begun. What was used before, when no session was open, is its own.</summary>
    public void Begin(SessionEpoch epoch, DateTimeOffset at) => (_epoch, _started) = (epoch, at);

    /// <param name="day">The owner's.</param>
    /// <param name="isMetered">The network is, or may be.</param>
    public void Add(JobUsage job, DateOnly day, bool isMetered)
    {
        if (job.IsBatch)
            _batch = _batch.Plus(job);
        else
            _interactive = _interactive.Plus(job);
        var model = _models.ContainsKey(job.Model) || _models.Count < MaxModels - 1 ? job.Model : OtherModels;
        _models[model] = _models.GetValueOrDefault(model).Plus(job);
        _methods |= job.Cost.Methods;
        _days.Add(day, job.Day(isMetered));
    }

    /// <summary>A part of a model's artifact came.</summary>
    public void AddFetched(long bytes, DateOnly day, bool isMetered)
    {
        _modelBytes += bytes;
        _days.Add(day, DayUsage.Of(bytes, isMetered));
    }

    public SessionUsage Usage(DateTimeOffset now, double idleWatts, bool complete) => new()
    {
        Epoch = _epoch.Value,
        Started = _started,
        Ended = now,
        Complete = complete,
        DeviceClass = deviceClass,
        IdleWatts = idleWatts,
        Methods = [.. Enum.GetValues<MeterMethods>().Where(method => method != 0 && _methods.HasFlag(method)).Select(method => $"{method}")],
        Interactive = _interactive,
        Batch = _batch,
        Models = _models.ToDictionary(),
        ModelBytes = _modelBytes,
        Days = _days.Days.ToDictionary(),
    };
}
