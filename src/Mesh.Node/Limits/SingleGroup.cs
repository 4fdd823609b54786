using System.Globalization;

namespace Mesh.Node.Limits;

/// <summary>A group of v1, where each controller has a hierarchy of its own.</summary>
internal sealed class SingleGroup(SystemFiles files, string parent, string name, string controller) : IControllerGroup
{
    private const int PeriodUs = 100_000;
    private const int DefaultShares = 1024;
    private const int DefaultWeight = 100;

    public string Folder { get; } = $"{parent}/{name}";

    public IReadOnlyList<string> Controllers { get; } = [controller];

    /// <summary>The file by which a controller's folder is known.</summary>
    public static string LimitFile(string controller) => controller == "cpu" ? "cpu.cfs_quota_us" : "memory.limit_in_bytes";

    public string? Enter()
    {
        if (files.CreateFolder(Folder) is { } refused)
            return $"no group can be made in {parent} ({refused})";
        if (files.Write($"{Folder}/cgroup.procs", Pid) is not { } stays)
            return null;
        files.RemoveFolder(Folder);
        return $"the process cannot be moved to {Folder} ({stays})";
    }

    public IEnumerable<string> Set(CgroupLimits limits)
    {
        (string File, string Value)[] values = Controllers.Contains("cpu")
            ?
            [
                ("cpu.cfs_period_us", $"{PeriodUs}"),
                ("cpu.cfs_quota_us", limits.Cores is { } cores ? UnifiedGroup.Quota(cores, PeriodUs) : "-1"),
                ("cpu.shares", $"{Math.Clamp(limits.Weight * DefaultShares / DefaultWeight, 2, 262_144)}"),
            ]
            : [("memory.limit_in_bytes", (limits.MemoryBytes ?? -1).ToString(CultureInfo.InvariantCulture))];
        foreach (var (file, value) in values)
        {
            if (files.Write($"{Folder}/{file}", value) is { } refused)
                yield return $"{file} = {value} was refused ({refused})";
        }
    }

    public void Leave()
    {
        files.Write($"{parent}/cgroup.procs", Pid);
        files.RemoveFolder(Folder);
    }

    private static string Pid => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
}
