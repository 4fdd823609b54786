using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.Policy;

/// <summary>How the work of an attempt ended on its vehicle.</summary>
internal enum AttemptFate
{
    Open,

    /// <summary>It ran to its end.</summary>
    Ran,

    /// <summary>Its vehicle left before.</summary>
    Left,

    /// <summary>Nobody waited for it any more.</summary>
    Cancelled,
}

/// <summary>What became of one attempt on its vehicle.</summary>
/// <param name="Done">Work done for it, in seconds of the average car's thread.</param>
internal readonly record struct AttemptWork(double Done, AttemptFate Fate);

/// <summary>
/// A parked car: its queue by priority, then deadline; its threads; the models that it has or fetches. Behaves as Mesh.Node's
/// engine and work stream do, in virtual time.
/// </summary>
internal sealed class SimVehicle
{
    /// <summary>The vehicle's default grace: running work may finish, the rest is handed back.</summary>
    private static readonly TimeSpan DrainGrace = TimeSpan.FromSeconds(5);

    private readonly Simulation _world;
    private readonly SortedSet<(TimeSpan Deadline, ulong Attempt)> _ready = [];
    private readonly Dictionary<AttemptId, Job> _jobs = [];
    private readonly HashSet<ArtifactHash> _loaded;
    private readonly HashSet<ArtifactHash> _loading = [];
    private int _running;
    private double _waiting;
    private bool _draining;
    private bool _gone;

    public SimVehicle(Simulation world, Stay stay, StreamId stream)
    {
        (_world, Stay, Stream) = (world, stay, stream);
        _loaded = [.. world.Scenario.Work.Models.Where(stay.Car.Keeps).Select(model => model.Reference.Hash)];
        world.At(stay.Leaves, Leave);
        if (stay.Announces is { } announces)
        {
            world.At(announces, Tell);
            world.At(stay.Leaves - DrainGrace, Drain);
        }
    }

    public Stay Stay { get; }

    public StreamId Stream { get; }

    public bool Gone => _gone;

    /// <summary>Time that its threads ran something within the counted span, in seconds.</summary>
    public double BusySeconds { get; private set; }

    /// <summary>Time that it needs for what waits there, in seconds.</summary>
    public double QueuedSeconds => _gone ? 0 : _waiting / Car.Capacity;

    private Car Car => Stay.Car;

    public VehicleLoad Load() => new(_world.Scenario.Work.Credits(Car), Car.Device.Threads, _jobs.Count, _draining, new HashSet<ArtifactHash>(_loaded))
    {
        LeavesIn = Stay.Announces <= _world.Now ? Max(TimeSpan.Zero, Stay.AnnouncedFor - _world.Now) : null,
    };

    /// <summary>One way, with jitter.</summary>
    public TimeSpan HalfTrip(ulong hash) => Car.RoundTrip / 2 * Draw.LogNormal(Draw.Hash(_world.Scenario.Seed, Car.Hash, hash), 0.15);

    public TimeSpan Transfer(long bytes) => TimeSpan.FromSeconds(bytes / Car.Bandwidth);

    public void Receive(AttemptId attempt, SimRequest request)
    {
        if (_gone)
        {
            _world.Account(attempt, 0, AttemptFate.Left);
            return;
        }

        if (_draining)
        {
            Report(attempt, AttemptOutcome.HandedBack, default);
            return;
        }

        var job = new Job(attempt, request, _world.Now);
        _jobs.Add(attempt, job);
        _waiting += request.Demand.TotalSeconds;
        if (_loaded.Contains(request.Model.Reference.Hash))
            _ready.Add(job.Key);
        else
            Fetch(request.Model.Reference);
        StartReady();
    }

    public void Warm(ModelReference model)
    {
        if (!_gone && !_loaded.Contains(model.Hash))
            Fetch(model);
    }

    public void Cancel(AttemptId attempt)
    {
        if (_gone || !_jobs.TryGetValue(attempt, out var job))
            return;
        Stop(job, AttemptFate.Cancelled);
        StartReady();
    }

    private void Tell() => _world.Later(this, HalfTrip(1), () => _world.Run(new LoadChanged(Stream, Load())));

    private void Fetch(ModelReference model)
    {
        if (!_loading.Add(model.Hash))
            return;
        var open = TimeSpan.FromSeconds(0.2 / Car.Speed);
        _world.At(_world.Now + Car.RoundTrip + Transfer(model.Size) + open, () =>
        {
            _loading.Remove(model.Hash);
            if (_gone)
                return;
            _loaded.Add(model.Hash);
            foreach (var job in _jobs.Values.Where(job => job.Request.Model.Reference.Hash == model.Hash))
            {
                job.LoadTime = _world.Now - job.Received;
                _ready.Add(job.Key);
            }

            Tell();
            StartReady();
        });
    }

    private void StartReady()
    {
        while (_running < Car.Device.Threads && _ready.Count > 0)
        {
            var job = _jobs[new AttemptId(_ready.Min.Attempt)];
            _ready.Remove(job.Key);
            if (job.Request.Deadline <= _world.Now)
            {
                Stop(job, AttemptFate.Cancelled);
                Report(job.Attempt, AttemptOutcome.Expired, default);
                continue;
            }

            _running++;
            _waiting -= job.Request.Demand.TotalSeconds;
            job.Started = _world.Now;
            var hash = Draw.Hash(_world.Scenario.Seed, 21, job.Attempt.Value);
            _world.At(_world.Now + job.Request.Demand * _world.Scenario.Work.OfRun(hash) / Car.Speed, () => Finish(job));
        }
    }

    private void Finish(Job job)
    {
        if (_gone || !_jobs.ContainsKey(job.Attempt))
            return; // Cancelled meanwhile.
        var started = job.Started!.Value;
        Stop(job, AttemptFate.Ran);
        Report(job.Attempt, AttemptOutcome.Ok, new AttemptTimings(started - job.Received, job.LoadTime, _world.Now - started));
        StartReady();
    }

    private void Stop(Job job, AttemptFate fate)
    {
        _jobs.Remove(job.Attempt);
        _ready.Remove(job.Key);
        if (job.Started is not { } started)
        {
            _waiting -= job.Request.Demand.TotalSeconds;
            _world.Account(job.Attempt, 0, fate);
            return;
        }

        _running--;
        BusySeconds += _world.CountedSeconds(started, _world.Now);
        _world.Account(job.Attempt, (_world.Now - started).TotalSeconds * Car.Speed, fate);
    }

    private void Report(AttemptId attempt, AttemptOutcome outcome, AttemptTimings timings) => _world.Later(
        this, HalfTrip(attempt.Value), () => _world.Run(new AttemptReported(attempt, Stream, outcome, "", timings)));

    private void Drain()
    {
        _draining = true;
        Tell();
        HandBack(_jobs.Values.Where(job => job.Started is null).ToList());
    }

    private void Leave()
    {
        var planned = _draining;
        var rest = _jobs.Values.ToList();
        if (planned)
            HandBack(rest);
        else
            rest.ForEach(job => Stop(job, AttemptFate.Left));
        _gone = true;
        // A goodbye comes after everything that was said before it; a car that vanishes is noticed by its silence.
        var noticed = planned ? Car.RoundTrip : Stay.NoticedAfter;
        _world.At(_world.Now + noticed, () => _world.Run(new StreamClosed(Stream)));
    }

    private void HandBack(List<Job> jobs)
    {
        foreach (var job in jobs.OrderBy(job => job.Attempt.Value))
        {
            Stop(job, AttemptFate.Left);
            Report(job.Attempt, AttemptOutcome.HandedBack, default);
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private sealed class Job(AttemptId attempt, SimRequest request, TimeSpan received)
    {
        public AttemptId Attempt => attempt;

        public SimRequest Request => request;

        public TimeSpan Received => received;

        public TimeSpan? Started { get; set; }

        public TimeSpan LoadTime { get; set; }

        public (TimeSpan Deadline, ulong Attempt) Key => (request.Deadline, attempt.Value);
    }
}
