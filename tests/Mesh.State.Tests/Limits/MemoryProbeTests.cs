using Mesh.Node;
using Mesh.Node.Limits;

namespace Mesh.State.Tests.Limits;

public sealed class MemoryProbeTests : IDisposable
{
    private const long Mebibyte = 1 << 20;

    private readonly SystemTree _tree = new();

    public MemoryProbeTests()
    {
        _tree.Set("/proc/meminfo", "MemTotal:       2097152 kB\nMemFree:         204800 kB\nMemAvailable:   1048576 kB\nBuffers: 1 kB");
        _tree.Set("/proc/self/status", "Name:\tmesh\nVmHWM:\t  999 kB\nVmRSS:\t  102400 kB\nThreads:\t9");
    }

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Without_groups_it_is_what_the_kernel_calls_available() =>
        Assert.Equal(new MemoryReading(1024 * Mebibyte, 100 * Mebibyte, null), Read());

    [Fact]
    public void The_lowest_limit_of_the_group_and_those_above_counts_without_what_is_cached()
    {
        Groups("0::/system.slice/mesh.service", "30 29 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate");
        const string Service = "/sys/fs/cgroup/system.slice/mesh.service";
        _tree.Set($"{Service}/cgroup.controllers", "cpu memory pids");
        _tree.Set($"{Service}/memory.max", "max");
        Assert.Equal(new MemoryReading(1024 * Mebibyte, 100 * Mebibyte, null), Read());

        _tree.Set("/sys/fs/cgroup/system.slice/memory.max", 512 * Mebibyte);
        _tree.Set("/sys/fs/cgroup/system.slice/memory.current", 500 * Mebibyte);
        _tree.Set("/sys/fs/cgroup/system.slice/memory.stat", $"anon 1\ninactive_file {100 * Mebibyte}\nactive_file 2");
        Assert.Equal(new MemoryReading(112 * Mebibyte, 100 * Mebibyte, 512 * Mebibyte), Read());

        _tree.Set($"{Service}/memory.max", 300 * Mebibyte);
        _tree.Set($"{Service}/memory.current", 400 * Mebibyte);
        Assert.Equal(new MemoryReading(0, 100 * Mebibyte, 300 * Mebibyte), Read());
    }

    [Fact]
    public void The_older_interface_is_read_where_the_controller_is_mounted_by_it()
    {
        Groups(
            "4:memory:/docker/abc\n1:cpu,cpuacct:/\n0::/",
            "31 23 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                + "32 23 0:30 /docker/abc /sys/fs/cgroup/memory rw shared:1 - cgroup cgroup rw,memory\n"
                + "33 23 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw");
        _tree.Set("/sys/fs/cgroup/memory/memory.limit_in_bytes", 9223372036854771712);
        Assert.Null(Read()!.Value.GroupLimit);
        _tree.Set("/sys/fs/cgroup/memory/memory.limit_in_bytes", 400 * Mebibyte);
        _tree.Set("/sys/fs/cgroup/memory/memory.usage_in_bytes", 300 * Mebibyte);
        _tree.Set("/sys/fs/cgroup/memory/memory.stat", $"inactive_file 1\ntotal_inactive_file {50 * Mebibyte}");
        Assert.Equal(new MemoryReading(150 * Mebibyte, 100 * Mebibyte, 400 * Mebibyte), Read());
    }

    [Fact]
    public void A_kernel_that_does_not_tell_is_unknown()
    {
        _tree.Remove("/proc/meminfo");
        Assert.Null(Read());
    }

    [Fact]
    public void This_computers_own_reading_is_one_that_can_be()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var reading = new MemoryProbe(SystemFiles.Real).Read()!.Value;
        Assert.InRange(reading.Available, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 4);
        Assert.InRange(reading.Resident, 10 * Mebibyte, 64 * 1024 * Mebibyte);
    }

    private MemoryReading? Read() => new MemoryProbe(_tree.Files).Read();

    private void Groups(string membership, string mounts)
    {
        _tree.Set("/proc/self/cgroup", membership);
        _tree.Set("/proc/self/mountinfo", "23 1 8:1 / / rw,relatime - ext4 /dev/root rw\n" + mounts);
    }
}
