using Mesh.Node;
using Mesh.Node.Limits;

namespace Mesh.State.Tests.Limits;

public sealed class CgroupLimitTests : IDisposable
{
    private const string Unified = "/sys/fs/cgroup/mesh.service";
    private const string Cpu = "/sys/fs/cgroup/cpu";
    private const string Memory = "/sys/fs/cgroup/memory/car";

    private static readonly CgroupLimits Limits = new(Cores: 1.5, MemoryBytes: 1_000_000_000);

    private readonly SystemTree _tree = new();
    private readonly RecordedLog<CgroupLimit> _log = new();
    private readonly FakeKernel _kernel;

    public CgroupLimitTests() => _kernel = new FakeKernel(_tree);

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void In_a_delegated_group_the_process_moves_into_a_limited_child_and_out_again()
    {
        Delegated();
        using (var limit = Apply())
        {
            Assert.True(limit.IsEffective, string.Join('\n', _log.Lines));
            Assert.Equal("150000 100000", _tree.Files.Text($"{Unified}/mesh-V-001/cpu.max"));
            Assert.Equal("10", _tree.Files.Text($"{Unified}/mesh-V-001/cpu.weight"));
            Assert.Equal("900000000", _tree.Files.Text($"{Unified}/mesh-V-001/memory.high"));
            Assert.Equal("1000000000", _tree.Files.Text($"{Unified}/mesh-V-001/memory.max"));
            Assert.Equal($"{Unified}/mesh-V-001", _kernel.UnifiedHome);
            Assert.Contains("limits this process to 1.5 cores at weight 10, 1000000000 bytes: ", Assert.Single(_log.Lines), StringComparison.Ordinal);

            limit.Update(new CgroupLimits(null, 500));
            Assert.True(limit.IsEffective);
            Assert.Equal("max 100000", _tree.Files.Text($"{Unified}/mesh-V-001/cpu.max"));
            Assert.Equal("500", _tree.Files.Text($"{Unified}/mesh-V-001/memory.max"));
        }

        Assert.Equal(Unified, _kernel.UnifiedHome);
        Assert.False(_tree.Files.Exists($"{Unified}/mesh-V-001"));
        Assert.Equal("", _tree.Files.Text($"{Unified}/cgroup.subtree_control"));
    }

    [Fact]
    public void What_a_killed_process_left_is_used_again()
    {
        Delegated();
        Apply(); // and killed
        _kernel.UnifiedHome = Unified;
        _tree.Set($"{Unified}/cgroup.subtree_control", "");
        using var again = Apply();
        Assert.True(again.IsEffective);
        Assert.Equal("150000 100000", _tree.Files.Text($"{Unified}/mesh-V-001/cpu.max"));
    }

    [Fact]
    public void A_group_with_other_processes_is_left_as_it_was()
    {
        Delegated();
        _kernel.Neighbour = 4711;
        using var limit = Apply();
        Assert.False(limit.IsEffective);
        Assert.Equal(Unified, _kernel.UnifiedHome);
        Assert.False(_tree.Files.Exists($"{Unified}/mesh-V-001"));
        Assert.Contains(
            $"{Unified} has 1 other processes, and a group with processes of its own hands no 'cpu' controller on", Line(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_is_not_delegated_is_said_to_be_so_with_what_to_do()
    {
        Delegated();
        _kernel.Forbidden = path => path.StartsWith(Unified, StringComparison.Ordinal);
        using var limit = Apply();
        Assert.False(limit.IsEffective);
        Assert.Equal(
            $"Warning: The kernel does not limit this process as asked: no group can be made in {Unified} (Permission denied) (in force: none); "
                + "under systemd, offer one by Delegate=cpu memory in the unit; elsewhere set 'cgroup' to a group that this user may write to",
            Line());
    }

    [Fact]
    public void A_controller_that_was_not_handed_down_is_named_and_the_other_works()
    {
        Delegated(controllers: "cpu pids");
        using var limit = Apply();
        Assert.False(limit.IsEffective);
        Assert.Equal("150000 100000", _tree.Files.Text($"{Unified}/mesh-V-001/cpu.max"));
        Assert.Contains("no 'memory' controller for this process's group (in force: " + Unified, Line(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_older_interface_has_a_group_for_each_controller()
    {
        Separate();
        using (var limit = Apply())
        {
            Assert.True(limit.IsEffective, string.Join('\n', _log.Lines));
            Assert.Equal("150000", _tree.Files.Text($"{Cpu}/mesh-V-001/cpu.cfs_quota_us"));
            Assert.Equal("100000", _tree.Files.Text($"{Cpu}/mesh-V-001/cpu.cfs_period_us"));
            Assert.Equal("102", _tree.Files.Text($"{Cpu}/mesh-V-001/cpu.shares"));
            Assert.Equal("1000000000", _tree.Files.Text($"{Memory}/mesh-V-001/memory.limit_in_bytes"));
            Assert.Equal(($"{Cpu}/mesh-V-001", $"{Memory}/mesh-V-001"), (_kernel.CpuHome, _kernel.MemoryHome));
            limit.Update(new CgroupLimits(null, null));
            Assert.Equal("-1", _tree.Files.Text($"{Cpu}/mesh-V-001/cpu.cfs_quota_us"));
            Assert.Equal("-1", _tree.Files.Text($"{Memory}/mesh-V-001/memory.limit_in_bytes"));
        }

        Assert.Equal((Cpu, Memory), (_kernel.CpuHome, _kernel.MemoryHome));
        Assert.False(_tree.Files.Exists($"{Cpu}/mesh-V-001"));
    }

    [Fact]
    public void Root_leaves_a_group_alone_that_someone_else_made_for_it()
    {
        Separate();
        _kernel.IsRootUser = true;
        using (var limit = Apply())
        {
            Assert.False(limit.IsEffective);
            Assert.Equal(($"{Cpu}/mesh-V-001", Memory), (_kernel.CpuHome, _kernel.MemoryHome)); // the root group is nobody's
            Assert.Contains($"{Memory} may be how whoever started this process keeps track of it", Line(), StringComparison.Ordinal);
        }

        _tree.Set($"{Memory}/memory.limit_in_bytes", -1);
        using var named = CgroupLimit.Apply(CgroupSetting.Parse(Memory)!, Limits, "mesh-V-001", _kernel, _log);
        Assert.Equal($"{Memory}/mesh-V-001", _kernel.MemoryHome); // unless it is told to
    }

    [Fact]
    public void Memory_without_a_limit_leaves_its_controller_alone()
    {
        Separate();
        using var limit = Apply(limits: Limits with { MemoryBytes = null });
        Assert.True(limit.IsEffective);
        Assert.Equal(Memory, _kernel.MemoryHome);
        limit.Update(Limits);
        Assert.False(limit.IsEffective);
        Assert.Contains("memory had no limit at the start", _log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_that_the_kernel_refuses_is_reported()
    {
        Separate();
        _kernel.Forbidden = path => path.EndsWith("memory.limit_in_bytes", StringComparison.Ordinal);
        using var limit = Apply();
        Assert.False(limit.IsEffective);
        Assert.Contains("memory.limit_in_bytes = 1000000000 was refused (Permission denied)", Line(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_can_be_named_and_off_is_off()
    {
        Separate();
        _tree.Set("/sys/fs/cgroup/cpu/cars/cpu.cfs_quota_us", -1);
        using (var limit = Apply("/sys/fs/cgroup/cpu/cars/", Limits with { MemoryBytes = null }))
        {
            Assert.True(limit.IsEffective, string.Join('\n', _log.Lines));
            Assert.Equal("150000", _tree.Files.Text("/sys/fs/cgroup/cpu/cars/mesh-V-001/cpu.cfs_quota_us"));
        }

        using var nowhere = Apply("/sys/fs/cgroup/nowhere");
        Assert.False(nowhere.IsEffective);
        Assert.Contains("no 'cpu' controller in /sys/fs/cgroup/nowhere", _log.Lines[^1], StringComparison.Ordinal);
        using var off = Apply("off");
        Assert.False(off.IsEffective);
        Assert.Equal("Information: The kernel does not limit this process: the setting 'cgroup' is off", _log.Lines[^1]);
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("off", true)]
    [InlineData("/sys/fs/cgroup/mesh", true)]
    [InlineData("/", false)]
    [InlineData("mesh", false)]
    [InlineData("", false)]
    [InlineData("AUTO", false)]
    public void The_setting_is_one_of_three(string text, bool good) => Assert.Equal(good, CgroupSetting.Parse(text) is not null);

    private CgroupLimit Apply(string setting = "auto", CgroupLimits? limits = null) =>
        CgroupLimit.Apply(CgroupSetting.Parse(setting)!, limits ?? Limits, "mesh-V-001", _kernel, _log);

    private string Line() => Assert.Single(_log.Lines);

    private void Delegated(string controllers = "cpu memory pids")
    {
        _tree.Set("/proc/self/cgroup", "0::/mesh.service");
        _tree.Set("/proc/self/mountinfo", "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");
        _tree.Set($"{Unified}/cgroup.controllers", controllers);
        _tree.Set($"{Unified}/cgroup.subtree_control", "");
        _kernel.UnifiedHome = Unified;
    }

    private void Separate()
    {
        _tree.Set("/proc/self/cgroup", "2:memory:/car\n1:cpu:/\n0::/");
        _tree.Set(
            "/proc/self/mountinfo",
            "31 23 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n32 23 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
        Directory.CreateDirectory(Path.Join(_tree.Root, Cpu));
        Directory.CreateDirectory(Path.Join(_tree.Root, Memory));
        (_kernel.CpuHome, _kernel.MemoryHome) = (Cpu, Memory);
    }
}
