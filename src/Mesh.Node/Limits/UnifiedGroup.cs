using System.Globalization;

namespace Mesh.Node.Limits;

/// <summary>
/// A group of v2 below one that was delegated. A group that hands controllers to its children must have no process of its own,
/// so the process moves first, and the controllers follow.
/// </summary>
internal sealed class UnifiedGroup(SystemFiles files, string parent, string name, IReadOnlyList<string> controllers) : IControllerGroup
{
    private const int PeriodUs = 100_000;

    private readonly List<string> _enabled = [];

    public string Folder { get; } = $"{parent}/{name}";

    public IReadOnlyList<string> Controllers { get; } = controllers;

    /// <summary>Microseconds of processor time in a period; the kernel takes no less than 1 ms.</summary>
    public static string Quota(double cores, int periodUs) =>
        Math.Max(1000, (long)(cores * periodUs)).ToString(CultureInfo.InvariantCulture);

    public string? Enter()
    {
        if (files.CreateFolder(Folder) is { } refused)
            return $"no group can be made in {parent} ({refused})";
        if (files.Write($"{Folder}/cgroup.procs", Pid) is { } stays)
        {
            files.RemoveFolder(Folder);
            return $"the process cannot be moved to {Folder} ({stays})";
        }

        var handed = (files.Text($"{parent}/cgroup.subtree_control") ?? "").Split(' ');
        foreach (var controller in Controllers.Except(handed))
        {
            if (files.Write($"{parent}/cgroup.subtree_control", $"+{controller}") is { } kept)
            {
                Leave();
                var others = files.Lines($"{parent}/cgroup.procs").Where(line => line.Length > 0).Except([Pid]).Count();
                return others > 0
                    ? $"{parent} has {others} other processes, and a group with processes of its own hands no '{controller}' controller on"
                    : $"{parent} does not hand the '{controller}' controller on ({kept})";
            }

            _enabled.Add(controller);
        }

        return null;
    }

    public IEnumerable<string> Set(CgroupLimits limits)
    {
        var values = new List<(string File, string Value)>
        {
            ("cpu.max", $"{(limits.Cores is { } cores ? Quota(cores, PeriodUs) : "max")} {PeriodUs}"),
            ("cpu.weight", $"{Math.Clamp(limits.Weight, 1, 10_000)}"),
        };
        if (Controllers.Contains("memory"))
        {
            // From the first on the kernel slows the process down and takes memory back; at the second it ends it.
            values.Add(("memory.high", limits.MemoryBytes is { } bytes ? $"{bytes - (bytes / 10)}" : "max"));
            values.Add(("memory.max", limits.MemoryBytes is { } most ? $"{most}" : "max"));
        }

        foreach (var (file, value) in values)
        {
            if (files.Write($"{Folder}/{file}", value) is { } refused)
                yield return $"{file} = {value} was refused ({refused})";
        }
    }

    public void Leave()
    {
        // Before the process can be back among the parent's own; a controller that siblings use is not taken back.
        foreach (var controller in _enabled)
            files.Write($"{parent}/cgroup.subtree_control", $"-{controller}");
        _enabled.Clear();
        files.Write($"{parent}/cgroup.procs", Pid);
        files.RemoveFolder(Folder);
    }

    private static string Pid => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
}
