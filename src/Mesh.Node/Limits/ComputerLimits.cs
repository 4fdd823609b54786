using System.Threading.Channels;
using Mesh.Node.Inference;
using Mesh.Node.Policy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Limits;

/// <summary>
/// Carries out what the owner's policy says of the computer: inferences at once, memory for models, the process's priority and
/// control group; anew whenever the policy changes. While others lack memory it keeps no model that nobody needs. The demo policy
/// limits nothing. It works on a thread of its own: the kernel may take its time to shrink a group, and a stop must not wait for that.
/// </summary>
public sealed class ComputerLimits(
    IOwnerPolicies policies,
    EligibilityWatch eligibility,
    IInferenceEngine engine,
    CgroupSetting cgroup,
    string name,
    SystemFiles files,
    ILogger<ComputerLimits> logger) : BackgroundService
{
    /// <summary>MiB of the process beside its loaded models: runtime, streams, queues.</summary>
    private const long BesideModels = 512;

    /// <summary>One is enough: what there is to do is read when it is done.</summary>
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private ComputerPolicy _applied = ComputerPolicy.Unlimited;
    private bool _isMemoryLow;
    private CgroupLimit? _group;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        policies.Changed += Wake;
        eligibility.Judged += Wake;
        Apply();
        return base.StartAsync(cancellationToken);
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        policies.Changed -= Wake;
        eligibility.Judged -= Wake;
        return base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _group?.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in _changes.Reader.ReadAllAsync(stoppingToken))
            Apply();
    }

    /// <summary>
    /// With all models that it may hold, the process still leaves its group what the policy wants free: the rule for memory must
    /// deny because of others, not because of what the policy itself allows.
    /// </summary>
    private static CgroupLimits Confines(ComputerPolicy computer) =>
        new(computer.Threads, computer.MemoryBytes + ((BesideModels + (computer.MinFreeMemoryMib ?? 0)) << 20));

    private void Wake() => _changes.Writer.TryWrite(true);

    private void Wake(Judgement judgement) => Wake();

    private void Apply()
    {
        var computer = policies.Current.Computer;
        LimitEngine(computer);
        if (computer == _applied)
            return;
        // It can only be raised; one that was lowered in the policy counts from the next start on.
        if (computer.Nice > _applied.Nice)
            ProcessPriority.Apply(computer.Nice, logger);
        Confine(computer);
        _applied = computer;
    }

    private void LimitEngine(ComputerPolicy computer)
    {
        var isMemoryLow = eligibility.Latest?.Verdict.Denials.Any(denial => denial.Code == ReasonCodes.MemoryLow) == true;
        // A model whose run was just being terminated is still needed the first time.
        var holdsSome = isMemoryLow && engine.Status.Loaded.Count > 0;
        if (computer == _applied && isMemoryLow == _isMemoryLow && !holdsSome)
            return;
        engine.Limit(computer.Threads, isMemoryLow ? 1 : computer.MemoryBytes);
        _isMemoryLow = isMemoryLow;
    }

    private void Confine(ComputerPolicy computer)
    {
        if (_group is null)
            _group = CgroupLimit.Apply(cgroup, Confines(computer), name, files, logger);
        else
            _group.Update(Confines(computer));
    }
}
