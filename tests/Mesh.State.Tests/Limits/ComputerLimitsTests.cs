using System.Threading.Channels;
using Mesh.Messages;
using Mesh.Node.Inference;
using Mesh.Node.Limits;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.State.Tests.Policy;
using Mesh.State.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Limits;

public sealed class ComputerLimitsTests : IAsyncDisposable
{
    private const string Unified = "/sys/fs/cgroup/mesh.service";
    private const string Memory = "Vehicle.Mesh.Memory.Available";
    private const long Mib = 1 << 20;

    // Not nicer than it is: that would count for all tests that follow in this process.
    private static readonly OwnerPolicy Policy = Verdicts.Consenting with
    {
        Energy = new EnergyPolicy(),
        Hysteresis = HysteresisPolicy.None,
        Computer = new ComputerPolicy { Threads = 2, MemoryBytes = 100 * Mib, MinFreeMemoryMib = 512, Nice = 0 },
    };

    private readonly SystemTree _tree = new();
    private readonly ManualTelemetry _telemetry = new(new DrivenClock());
    private readonly CancellationTokenSource _ended = new();
    private readonly ChangingPolicies _policies = new(Policy);
    private readonly RecordingEngine _engine = new();
    private readonly EligibilityWatch _eligibility;

    public ComputerLimitsTests() =>
        _eligibility = new EligibilityWatch(_telemetry, _policies, (_, _) => UsageToday.None, NullLogger<EligibilityWatch>.Instance);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _telemetry.DisposeAsync();
        _ended.Dispose();
        _tree.Dispose();
    }

    [Fact]
    public async Task While_others_lack_memory_no_model_is_kept()
    {
        using var limits = await StartAsync(CgroupSetting.Off);
        Assert.Equal((2, 100 * Mib), await _engine.NextAsync());
        var watching = _eligibility.RunAsync(_ended.Token);

        _telemetry.Set(Memory, SignalValue.Of(100));
        Assert.Equal((2, 1), await _engine.NextAsync());
        // One was still needed then: it goes with the next judgement.
        _engine.Loaded = [ArtifactHash.FromBytes(new byte[32])];
        _telemetry.Set(Memory, SignalValue.Of(101));
        Assert.Equal((2, 1), await _engine.NextAsync());
        _engine.Loaded = [];
        _telemetry.Set(Memory, SignalValue.Of(4096));
        Assert.Equal((2, 100 * Mib), await _engine.NextButAsync((2, 1)));

        await _ended.CancelAsync();
        await watching;
        await limits.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Whoever_changes_the_policy_does_not_wait_for_the_kernel()
    {
        using var limits = await StartAsync(CgroupSetting.Off);
        await _engine.NextAsync();
        var returned = new ManualResetEventSlim();
        var inTime = false;
        _engine.Limiting = () => inTime = returned.Wait(TimeSpan.FromSeconds(10));
        _policies.Change(Policy with { Computer = Policy.Computer with { Threads = 1 } });
        returned.Set();
        Assert.Equal((1, 100 * Mib), await _engine.NextAsync());
        Assert.True(inTime);
        await limits.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData(512, 1124)]
    [InlineData(2048, 2660)]
    [InlineData(null, 612)]
    public async Task The_group_has_room_for_the_models_and_for_what_shall_stay_free(int? free, long limit)
    {
        _tree.Set("/proc/self/cgroup", "0::/mesh.service");
        _tree.Set("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate");
        _tree.Set($"{Unified}/cgroup.controllers", "cpu memory");
        _tree.Set($"{Unified}/cgroup.subtree_control", "");
        _policies.Change(Policy with { Computer = Policy.Computer with { MinFreeMemoryMib = free } });
        using var limits = await StartAsync(CgroupSetting.Auto, new FakeKernel(_tree) { UnifiedHome = Unified });
        Assert.Equal(limit * Mib, _tree.Files.Number($"{Unified}/mesh-V-001/memory.max"));
        await limits.StopAsync(CancellationToken.None);
    }

    private async Task<ComputerLimits> StartAsync(CgroupSetting cgroup, FakeKernel? kernel = null)
    {
        var limits = new ComputerLimits(
            _policies, _eligibility, _engine, cgroup, "mesh-V-001", kernel ?? _tree.Files, NullLogger<ComputerLimits>.Instance);
        await limits.StartAsync(CancellationToken.None);
        return limits;
    }

    private sealed class ChangingPolicies(OwnerPolicy policy) : IOwnerPolicies
    {
        public event Action? Changed;

        public OwnerPolicy Current { get; private set; } = policy;

        public void Change(OwnerPolicy next)
        {
            Current = next;
            Changed?.Invoke();
        }
    }

    /// <summary>Keeps what it is limited to.</summary>
    private sealed class RecordingEngine : IInferenceEngine
    {
        private readonly Channel<(int Threads, long MemoryBytes)> _limits = Channel.CreateUnbounded<(int, long)>();

        public event Action? StatusChanged
        {
            add { }
            remove { }
        }

        public Action Limiting { get; set; } = () => { };

        public IReadOnlyList<ArtifactHash> Loaded { get; set; } = [];

        public EngineStatus Status => new(1, 0, Loaded, 0, 0, TimeSpan.Zero);

        public void Limit(int threads, long memoryBytes)
        {
            Limiting();
            _limits.Writer.TryWrite((threads, memoryBytes));
        }

        public Task<(int Threads, long MemoryBytes)> NextAsync() => _limits.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        public async Task<(int Threads, long MemoryBytes)> NextButAsync((int, long) old)
        {
            var next = await NextAsync();
            while (next == old)
                next = await NextAsync();
            return next;
        }

        public void Submit(InferenceJob job) => throw new NotSupportedException();

        public Task LoadAsync(ModelReference model, IArtifactSource source) => throw new NotSupportedException();

        public void Unload(ArtifactHash hash) => throw new NotSupportedException();

        public void HandBackQueued() => throw new NotSupportedException();

        public void Permit(OwnerConsent starts, OwnerConsent finishes) => throw new NotSupportedException();

        public Task WhenIdleAsync(CancellationToken cancellation) => throw new NotSupportedException();
    }
}
