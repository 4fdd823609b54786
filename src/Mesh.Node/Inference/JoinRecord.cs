namespace Mesh.Node.Inference;

/// <summary>
/// What this vehicle has seen of one model's runs, and so whether and how its jobs may share one. Pure; guarded by the engine's
/// lock. Nothing is joined before a single run was measured.
/// </summary>
internal sealed class JoinRecord
{
    private const int Trials = 2;
    private const int MaxFailures = 3;

    private int _trialsLeft = Trials;
    private int _failures;

    /// <summary>Measured time of one row in a run, smoothed; null = none was measured yet.</summary>
    public TimeSpan? RowCost { get; private set; }

    /// <summary>Joined runs are still compared with single ones.</summary>
    public bool IsOnTrial => _trialsLeft > 0;

    /// <summary>Joined, its jobs got something else than alone, or nothing: it runs them one by one from now on.</summary>
    public bool RunsAlone { get; private set; }

    /// <summary>A run gave answers, in so much time a row.</summary>
    public void Measured(TimeSpan rowCost, bool joined)
    {
        RowCost = RowCost is { } known ? known + ((rowCost - known) / 4) : rowCost;
        _failures = joined ? 0 : _failures;
    }

    /// <summary>A joined run gave what single runs gave, or did not. One that nothing could be compared with is no trial.</summary>
    public void Compared(bool same)
    {
        _trialsLeft--;
        RunsAlone |= !same;
    }

    /// <summary>A joined run gave no row for each of its members' rows.</summary>
    public void GaveOtherRows() => RunsAlone = true;

    /// <summary>A joined run failed though each of its members ran alone; so often in a row is no coincidence.</summary>
    public void Failed() => RunsAlone |= ++_failures >= MaxFailures;
}
