namespace Mesh.Node.Metering;

/// <summary>
/// Shares what a process has used of the processors among the runs under way: each stretch between two starts or ends in equal
/// parts. The parts never add up to more than the whole. Pure; moments are CPU time of the process.
/// </summary>
internal sealed class SharedCpuTime
{
    private int _running;
    private TimeSpan _last;
    private long _perRun;
    private long _rest;

    /// <returns>What <see cref="End"/> wants to have.</returns>
    public TimeSpan Start(TimeSpan process)
    {
        Advance(process);
        _running++;
        return new TimeSpan(_perRun);
    }

    /// <returns>The part of the run that ends.</returns>
    public TimeSpan End(TimeSpan started, TimeSpan process)
    {
        Advance(process);
        if (--_running == 0)
            _rest = 0; // The next run has no part in what was left over.
        return new TimeSpan(_perRun) - started;
    }

    private void Advance(TimeSpan process)
    {
        if (_running > 0 && process > _last)
        {
            var (share, rest) = Math.DivRem((process - _last).Ticks + _rest, _running);
            (_perRun, _rest) = (_perRun + share, rest);
        }

        _last = process;
    }
}
