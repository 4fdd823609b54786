using Mesh.Node;

namespace Mesh.State.Tests.Limits;

/// <summary>
/// A tree whose control groups keep the kernel's rules: a process is in one group of a hierarchy, a group with processes of its
/// own hands no controller on, one that hands controllers on takes no process, and only an empty group can be removed.
/// </summary>
internal sealed class FakeKernel(SystemTree tree) : SystemFiles(tree.Root)
{
    public bool IsRootUser { get; set; }

    public override bool IsPrivileged => IsRootUser;

    public string UnifiedHome { get; set; } = "";

    public string CpuHome { get; set; } = "";

    public string MemoryHome { get; set; } = "";

    /// <summary>Another process in the delegated group; 0 = none.</summary>
    public int Neighbour
    {
        get;
        set
        {
            field = value;
            tree.Set($"{UnifiedHome}/cgroup.procs", $"{value}");
        }
    }

    public Func<string, bool> Forbidden { get; set; } = _ => false;

    public override string? Write(string path, string text)
    {
        if (Forbidden(path))
            return "Permission denied";
        var folder = Path.GetDirectoryName(path)!;
        return Path.GetFileName(path) switch
        {
            "cgroup.procs" => Move(folder),
            "cgroup.subtree_control" => Hand(folder, text),
            _ => base.Write(path, text),
        };
    }

    public override string? CreateFolder(string path) => Forbidden(path) ? "Permission denied" : base.CreateFolder(path);

    public override string? RemoveFolder(string path)
    {
        if (path == UnifiedHome || path == CpuHome || path == MemoryHome)
            return "Device or resource busy";
        // The kernel's files go with their folder.
        foreach (var file in Directory.GetFiles(Full(path)))
            File.Delete(file);
        return base.RemoveFolder(path);
    }

    private string? Move(string folder)
    {
        if (folder.StartsWith("/sys/fs/cgroup/cpu", StringComparison.Ordinal))
            CpuHome = folder;
        else if (folder.StartsWith("/sys/fs/cgroup/memory", StringComparison.Ordinal))
            MemoryHome = folder;
        else if (!string.IsNullOrEmpty(Text($"{folder}/cgroup.subtree_control")))
            return "Device or resource busy";
        else
            UnifiedHome = folder;
        return null;
    }

    private string? Hand(string folder, string change)
    {
        if (UnifiedHome == folder || Neighbour != 0)
            return "Device or resource busy";
        var handed = (Text($"{folder}/cgroup.subtree_control") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        handed = change[0] == '+' ? [.. handed, change[1..]] : [.. handed.Except([change[1..]])];
        return base.Write($"{folder}/cgroup.subtree_control", string.Join(' ', handed));
    }
}
