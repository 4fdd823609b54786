using System.Text.RegularExpressions;

namespace Mesh.Node.Limits;

/// <summary>A control group as a folder, and which of the kernel's two interfaces it has.</summary>
/// <param name="IsRoot">Of its hierarchy: nobody made it for this process.</param>
public sealed record ControlGroup(string Folder, bool IsV2, bool IsRoot);

/// <summary>Where this process stands among the kernel's control groups, as /proc/self/cgroup and /proc/self/mountinfo tell.</summary>
public static partial class CgroupTree
{
    /// <summary>The group of a controller, 'cpu' or 'memory'; null where it is not mounted.</summary>
    public static ControlGroup? Of(SystemFiles files, string controller)
    {
        // HIERARCHY:CONTROLLERS:PATH; the one hierarchy of v2 is number 0 and names no controller.
        var memberships = files.Lines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).ToList();
        foreach (var parts in memberships.Where(parts => parts[1].Split(',').Contains(controller)))
            return Folder(files, "cgroup", controller, parts[2]) is { } folder ? new ControlGroup(folder, IsV2: false, IsRoot(parts)) : null;
        return memberships.Find(parts => parts[0] == "0") is { } unified && Folder(files, "cgroup2", null, unified[2]) is { } group
            && (files.Text($"{group}/cgroup.controllers") ?? "").Split(' ').Contains(controller)
            ? new ControlGroup(group, IsV2: true, IsRoot(unified))
            : null;
    }

    /// <summary>The group and those above it, as far as they are mounted: each may have a limit.</summary>
    public static IEnumerable<string> Ancestry(SystemFiles files, ControlGroup group)
    {
        var top = Mounts(files).Select(mount => mount.Point)
            .Where(point => group.Folder == point || group.Folder.StartsWith(point + "/", StringComparison.Ordinal))
            .MaxBy(point => point.Length);
        for (var folder = group.Folder; top is not null && folder.Length >= top.Length; folder = Path.GetDirectoryName(folder) ?? "")
            yield return folder;
    }

    private static bool IsRoot(string[] membership) => membership[2] == "/";

    private static string? Folder(SystemFiles files, string type, string? controller, string path)
    {
        foreach (var mount in Mounts(files))
        {
            if (mount.Type != type || (controller is not null && !mount.Options.Split(',').Contains(controller)))
                continue;
            // In a container, the mount may begin at the container's own group.
            var below = mount.Root != "/" && path.StartsWith(mount.Root, StringComparison.Ordinal) ? path[mount.Root.Length..] : path;
            return (mount.Point + "/" + below.Trim('/')).TrimEnd('/');
        }

        return null;
    }

    private static IEnumerable<(string Root, string Point, string Type, string Options)> Mounts(SystemFiles files) => files
        .Lines("/proc/self/mountinfo")
        .Select(line => MountLine().Match(line))
        .Where(match => match.Success)
        .Select(match => (match.Groups["root"].Value, match.Groups["point"].Value, match.Groups["type"].Value, match.Groups["options"].Value));

    [GeneratedRegex(@"^\d+ \d+ \S+ (?<root>\S+) (?<point>\S+) .*? - (?<type>cgroup2?) \S+ (?<options>\S+)$")]
    private static partial Regex MountLine();
}
