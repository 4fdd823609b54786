namespace Mesh.Seed.Routing.Choice;

/// <summary>What a score takes from a vehicle, in two cache lines; kept by <see cref="RoutedVehicle"/>. Times are ticks of the router's clock.</summary>
internal struct ScoreFacts
{
    /// <summary>Average, or as the distance lets expect.</summary>
    public double RoundTripMs;

    /// <summary>0 = not measured.</summary>
    public double MsPerByte;

    /// <summary>0 = not measured.</summary>
    public double Slowness;

    /// <summary>What the attempts that are out there were expected to run, in all.</summary>
    public double ExpectedMs;

    public double Answered;
    public double Missed;

    /// <summary>Since when the attempt that is next to end can have been running.</summary>
    public long HeadSince;

    public long ParkedAt;

    /// <summary><see cref="RoutedVehicle.NotAnnounced"/> where nothing was announced.</summary>
    public long LeavesAt;

    /// <summary>Inferences at once, at least 1.</summary>
    public int Threads;

    /// <summary>This seed's attempts there.</summary>
    public int Outstanding;

    /// <summary>Other seeds' requests there.</summary>
    public int Others;

    /// <summary>Its owner consents to some models only.</summary>
    public bool LimitsModels;

    /// <summary>Until another request begins to run there, in milliseconds; 0 while a thread is idle.</summary>
    public readonly double WaitMs(long now, double serviceMs)
    {
        var there = Outstanding + Others;
        // All but the last of its threads' worth must end first, at the rate of all threads.
        return there < Threads ? 0 : BacklogMs(now, serviceMs) / there * (there - Threads + 1) / Threads;
    }

    /// <summary>What it is busy with from now on, in milliseconds of one thread; other seeds' requests take <paramref name="serviceMs"/> each.</summary>
    public readonly double BacklogMs(long now, double serviceMs)
    {
        var backlog = Others * serviceMs;
        if (Outstanding == 0)
            return backlog;
        var each = ExpectedMs / Outstanding;
        // Of the one that runs, what is left; one that is overdue is the less likely to end the longer it runs.
        var run = Math.Max(0, (now - HeadSince) / (double)TimeSpan.TicksPerMillisecond);
        return backlog + ExpectedMs - each + Math.Abs(each - run);
    }
}
