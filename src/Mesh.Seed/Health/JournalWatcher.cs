namespace Mesh.Seed.Health;

/// <summary>Looks at the journal every few seconds, never for longer than its limit, and tells <see cref="JournalWatch"/>.</summary>
internal sealed partial class JournalWatcher(IJournalProbe probe, JournalWatch watch, TimeProvider time, ILogger<JournalWatcher> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>A database that takes longer for one question is of no use to a job router either.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>How the last look ended; the watch hears of the job router's failures, too.</summary>
    private bool _failed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        var asked = time.GetTimestamp();
        try
        {
            // Some drivers do not heed a cancellation in every state.
            if (await probe.LookAsync(either.Token).WaitAsync(either.Token) is { } wrong)
                Failed(wrong, null);
            else
                Well(time.GetElapsedTime(asked));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nobody asks any more.
        }
#pragma warning disable CA1031 // Whatever its driver throws, the journal could not be looked at.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failed(JournalWatch.CauseOf(e), e);
        }
    }

    private void Well(TimeSpan took)
    {
        if (_failed)
            LogBack(logger);
        _failed = false;
        watch.LookedWell(took);
    }

    private void Failed(string cause, Exception? exception)
    {
        if (!_failed)
            LogFailed(logger, cause, exception);
        _failed = true;
        watch.LookFailed(cause);
    }

    [LoggerMessage(LogLevel.Warning, "The journal's database failed to answer: {Cause}. This seed is not ready if that lasts.")]
    private static partial void LogFailed(ILogger logger, string cause, Exception? exception);

    [LoggerMessage(LogLevel.Information, "The journal's database answers again")]
    private static partial void LogBack(ILogger logger);
}
