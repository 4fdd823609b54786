using Mesh.Node.Inference;
using Mesh.Node.Policy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Limits;

/// <summary>
/// Carries out what the owner's policy says of the computer: inferences at once, memory for models, the process's priority and
/// control group; anew whenever the policy changes. The demo policy limits nothing.
/// </summary>
public sealed class ComputerLimits(
    IOwnerPolicies policies, IInferenceEngine engine, CgroupSetting cgroup, string name, SystemFiles files, ILogger<ComputerLimits> logger)
    : IHostedService, IDisposable
{
    /// <summary>Of the process beside its loaded models: runtime, streams, queues.</summary>
    private const long BesideModels = 512L << 20;

    private readonly Lock _lock = new();
    private ComputerPolicy _applied = ComputerPolicy.Unlimited;
    private CgroupLimit? _group;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        policies.Changed += Apply;
        Apply();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        policies.Changed -= Apply;
        return Task.CompletedTask;
    }

    public void Dispose() => _group?.Dispose();

    private void Apply()
    {
        lock (_lock)
        {
            var computer = policies.Current.Computer;
            if (computer == _applied)
                return;
            engine.Limit(computer.Threads, computer.MemoryBytes);
            // It can only be raised; one that was lowered in the policy counts from the next start on.
            if (computer.Nice > _applied.Nice)
                ProcessPriority.Apply(computer.Nice, logger);
            Confine(computer);
            _applied = computer;
        }
    }

    private void Confine(ComputerPolicy computer)
    {
        var limits = new CgroupLimits(computer.Threads, computer.MemoryBytes + BesideModels);
        if (_group is null)
            _group = CgroupLimit.Apply(cgroup, limits, name, files, logger);
        else
            _group.Update(limits);
    }
}
