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
    private const int MaxSpeeds = 20_000;

    private const double SpeedAlpha = 0.3;

    private readonly Dictionary<string, BatchCourse> _courses = [];
    private readonly Dictionary<ulong, UnitHeld> _held = [];
    private readonly HashSet<ulong> _ending = [];
    private readonly Dictionary<(VehicleId Vehicle, ArtifactHash Model), double> _speeds = [];
    private readonly Dictionary<ArtifactHash, double> _fleetSpeeds = [];
    private DateTimeOffset _swept = DateTimeOffset.MinValue;
    private long _lastRun;
    private ulong _served;

    /// <summary>Units out on each stream or waited for, by their number.</summary>
    public IReadOnlyDictionary<ulong, UnitHeld> Held => _held;

    public RunStage StageOf(string batch) => Course(batch).Stage;

    /// <summary>What one line of the model takes there; null before it was measured.</summary>
    public double? SecondsPerLine(VehicleId vehicle, ArtifactHash model) =>
        _speeds.TryGetValue((vehicle, model), out var seconds) ? seconds : _fleetSpeeds.TryGetValue(model, out seconds) ? seconds : null;

    public void Apply(IDeskEvent change)
    {
        switch (change)
        {
            case RunStaged staged: Staged(staged); break;
            case UnitHeld held:
                _held[held.Unit] = held;
                _ending.Remove(held.Unit);
                break;
            case UnitEnding ending: _ending.Add(ending.Unit); break;
            case SpeedMeasured measured: Measured(measured); break;
            case VehicleAvoided avoided: Course(avoided.Batch).Avoided.Add(avoided.Vehicle); break;
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
                break;
            case UnitEnded ended:
                Forget(ended.Unit);
                break;
            case OutcomesRecorded recorded:
                foreach (var outcomes in recorded.Units)
                {
                    if (!book.Units.ContainsKey(outcomes.Unit))
                        Forget(outcomes.Unit);
                }

                break;
            case BatchEnded ended:
                _courses.Remove(ended.Batch);
                break;
            case BatchFailed failed:
                _courses.Remove(failed.Batch);
                break;
        }
    }

    private void Forget(ulong unit)
    {
        _held.Remove(unit);
        _ending.Remove(unit);
    }

    private void Staged(RunStaged staged)
    {
        var course = Course(staged.Batch);
        (course.Stage, course.Run, course.RetryAt, course.Model) = (staged.Stage, staged.Run, staged.RetryAt, staged.Model ?? course.Model);
        _lastRun = Math.Max(_lastRun, staged.Run);
    }

    private void Measured(SpeedMeasured measured)
    {
        if (_speeds.Count >= MaxSpeeds)
            _speeds.Clear();
        _speeds[(measured.Vehicle, measured.Model)] =
            Average(_speeds.TryGetValue((measured.Vehicle, measured.Model), out var own) ? own : null, measured.SecondsPerLine);
        _fleetSpeeds[measured.Model] = Average(_fleetSpeeds.TryGetValue(measured.Model, out var all) ? all : null, measured.SecondsPerLine);
    }

    private static double Average(double? before, double sample) => before is { } average ? average + (sample - average) * SpeedAlpha : sample;

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

        public ModelReference? Model { get; set; }

        /// <summary>When it was given a unit last, as a running number: batches take turns.</summary>
        public ulong Served { get; set; }

        public HashSet<VehicleId> Avoided { get; } = [];
    }
}
