using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;

namespace Mesh.Node.Units;

// How lines get into the engine and their results out of it.
public sealed partial class UnitWork
{
    /// <summary>
    /// Gives the engine lines, oldest unit first, as long as there is room for their results. One caller at a time does, for
    /// those too that come meanwhile: the engine may refuse a line at once, and its completion comes here again.
    /// </summary>
    private void Feed()
    {
        lock (_lock)
        {
            if (_feeding)
                return;
            _feeding = true;
        }

        while (TakeWaiting() is { Count: > 0 } jobs)
            jobs.ForEach(_engine.Submit);
    }

    private List<InferenceJob> TakeWaiting()
    {
        var jobs = new List<InferenceJob>();
        lock (_lock)
        {
            for (var node = _order.First; node is not null; node = node.Next)
            {
                var unit = node.Value;
                while (_started < _maxStarted && _kept.HasRoom(_started) && unit.Waiting.First is { } line)
                {
                    unit.Waiting.RemoveFirst();
                    jobs.Add(Start(unit, line.Value));
                }

                if (unit.Waiting.Count > 0)
                    break;
            }

            _feeding = jobs.Count > 0;
        }

        return jobs;
    }

    /// <summary>Under the lock.</summary>
    private InferenceJob Start(OpenUnit unit, UnitJob line)
    {
        line.Job = new InferenceJob(
            unit.Model, line.Inputs, line.Outputs, TimeSpan.MaxValue, priority: 0, unit.Origin.Artifacts, result => Completed(unit, line, result))
        {
            Class = JobClass.Unit,
        };
        unit.Started.Add(line);
        _started++;
        return line.Job;
    }

    private void Completed(OpenUnit unit, UnitJob line, InferenceJobResult result)
    {
        List<UnitJob> withdrawn = [];
        lock (_lock)
        {
            _started--;
            unit.Started.Remove(line);
            line.Job = null;
            Release(unit, line);
            // The engine has no room or no time for its lines: another vehicle may.
            if (result.Outcome is AttemptOutcome.HandedBack or AttemptOutcome.Busy)
                withdrawn = Return(unit, result.Error);
            else if (!unit.Cancelled)
                Keep(unit, line, result);
            CloseIfDone(unit);
        }

        Withdraw(withdrawn);
        Feed();
    }

    /// <summary>Under the lock.</summary>
    private void Keep(OpenUnit unit, UnitJob line, InferenceJobResult result)
    {
        if (result.Outcome == AttemptOutcome.Cancelled)
            return; // Another vehicle gets the line.
        var kept = new UnitLineResult
        {
            Line = line.Line,
            Status = result.Outcome is AttemptOutcome.Ok or AttemptOutcome.Invalid ? (AttemptStatus)result.Outcome : AttemptStatus.AttemptFailed,
            Error = result.Error,
            InferUs = (ulong)result.Timings.Infer.TotalMicroseconds,
        };
        foreach (var output in result.Outputs)
            kept.Outputs.Add(output.ToWire());
        if (_kept.TryAdd(unit.Number, kept, Now))
            _home?.Send(new UnitLineKey(unit.Number, line.Line));
    }
}
