using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches;

/// <summary>
/// Drives the batches of a <see cref="BatchBook"/> to their end during one term: opens runs, leases units, ends and publishes.
/// Pure: <c>Decide…</c> reads, <c>Apply</c> changes; times and random numbers are arguments. What it keeps beside the book
/// (who runs where, who has to come back by when, how fast vehicles are) is made anew in each term.
/// </summary>
public sealed partial class BatchDesk(BatchBook book, Fleet fleet, BatchSettings settings)
{
    /// <summary>Vehicles and models of which something is remembered.</summary>
    private const int MaxRemembered = 20_000;

    private readonly Dictionary<string, BatchCourse> _courses = [];
    private readonly Dictionary<ulong, UnitHeld> _held = [];
    private readonly HashSet<ulong> _ending = [];
    private readonly UnitSpeeds _speeds = new();
    private readonly HashSet<(VehicleId Vehicle, ArtifactHash Model)> _proven = [];
    private readonly Dictionary<(VehicleId Vehicle, ArtifactHash Model), VehicleRested> _rests = [];
    private readonly HashSet<ulong> _alone = [];
    private LossRate _losses;
    private DateTimeOffset _swept = DateTimeOffset.MinValue;
    private long _lastRun;
    private ulong _served;

    /// <summary>Units out on each stream or waited for, by their number.</summary>
    public IReadOnlyDictionary<ulong, UnitHeld> Held => _held;

    public RunStage StageOf(string batch) => Course(batch).Stage;

    public void Apply(IDeskEvent change)
    {
        switch (change)
        {
            case TookOffice office: _lastRun = NumberOf(office); break;
            case RunStaged staged: Staged(staged); break;
            case UnitHeld held:
                _held[held.Unit] = held;
                _ending.Remove(held.Unit);
                break;
            case UnitEnding ending: _ending.Add(ending.Unit); break;
            case SpeedMeasured measured: _speeds.Measured(measured); break;
            case VehicleProven proven: Proven(proven); break;
            case VehicleRested rested: Rested(rested); break;
            case LinesFailed failed: Course(failed.Batch).Troubles.Add(failed.Lines, trouble => trouble.Failed(failed.Vehicle)); break;
            case LinesLost lost: Course(lost.Batch).Troubles.Add(lost.Lines, trouble => trouble.Lost(lost.Alone)); break;
            case LeaseOver lease: _losses = _losses.Add(lease.Lost, lease.Lasted); break;
            case LinesWrittenOff over: over.Lines.ToList().ForEach(Course(over.Batch).WrittenOff.Add); break;
            case Swept swept: _swept = swept.At; break;
            default: throw new ArgumentOutOfRangeException(nameof(change), change, "The batch desk knows no such event.");
        }
    }

    /// <summary>After the book has it.</summary>
    public void Apply(IBatchEvent change)
    {
        switch (change)
        {
            case UnitStarted started:
                Course(started.Batch).Served = ++_served;
                if (Course(started.Batch).Troubles.Of(started.Lines[0].First).IsAlone)
                    _alone.Add(started.Unit);
                break;
            case UnitEnded ended:
                Forget(ended.Unit);
                break;
            case OutcomesRecorded recorded:
                Recorded(recorded);
                break;
            case BatchEnded ended:
                _courses.Remove(ended.Batch);
                break;
            case BatchFailed failed:
                _courses.Remove(failed.Batch);
                break;
        }
    }

    private void Recorded(OutcomesRecorded recorded)
    {
        var course = Course(recorded.Batch);
        course.FailedRuns = 0;
        foreach (var outcomes in recorded.Units)
        {
            if (outcomes.Unit != 0 && !book.Units.ContainsKey(outcomes.Unit))
                Forget(outcomes.Unit);
            course.Troubles.Settle(outcomes.Done.Concat(outcomes.Failed));
            if (outcomes.Unit == 0)
                outcomes.Failed.ToList().ForEach(course.WrittenOff.Except);
        }
    }

    private void Forget(ulong unit)
    {
        _held.Remove(unit);
        _ending.Remove(unit);
        _alone.Remove(unit);
    }

    private void Staged(RunStaged staged)
    {
        var course = Course(staged.Batch);
        (course.Stage, course.Run, course.RetryAt) = (staged.Stage, staged.Run, staged.RetryAt);
        _lastRun = Math.Max(_lastRun, staged.Run);
        if (staged.Stage == RunStage.Absent)
            course.FailedRuns++;
        if (staged.Stage is RunStage.Absent or RunStage.Opening)
            (course.Model, course.WrittenOff) = (null, new LineSet());
        else
            course.Model = staged.Model ?? course.Model;
    }

    private BatchCourse Course(string batch)
    {
        if (!_courses.TryGetValue(batch, out var course))
            _courses[batch] = course = new BatchCourse();
        return course;
    }

    /// <summary>How a batch stands in this term.</summary>
    private sealed class BatchCourse
    {
        public RunStage Stage { get; set; }

        /// <summary>Of the run that counts.</summary>
        public long Run { get; set; }

        public TimeSpan? RetryAt { get; set; }

        /// <summary>Null while it is not there.</summary>
        public ModelReference? Model { get; set; }

        /// <summary>When it was given a unit last, as a running number: batches take turns.</summary>
        public ulong Served { get; set; }

        /// <summary>In a row, without an outcome in between.</summary>
        public int FailedRuns { get; set; }

        public LineTroubles Troubles { get; } = new();

        /// <summary>Lines that the run was told to give an error line.</summary>
        public LineSet WrittenOff { get; set; } = new();
    }
}
