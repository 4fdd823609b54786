using Microsoft.Extensions.Logging;

namespace Mesh.Node.Limits;

/// <summary>
/// The kernel's limits on this process, where the platform offers a control group to make one's own in: v2 delegated, or v1
/// writable. The process moves into a child group that has the limits, and out of it when this is disposed of. Where nothing
/// is offered one log line says what is missing; the vehicle works without. Not thread-safe.
/// </summary>
public sealed partial class CgroupLimit : IDisposable
{
    private const string HowToOffer = "under systemd, offer one by Delegate=cpu memory in the unit; elsewhere set 'cgroup' to a group that this user may write to";

    private readonly SystemFiles _files;
    private readonly ILogger _logger;
    private readonly List<IControllerGroup> _groups = [];

    private CgroupLimit(SystemFiles files, ILogger logger) => (_files, _logger) = (files, logger);

    /// <summary>Whether all limits that were asked are in force.</summary>
    public bool IsEffective { get; private set; }

    /// <param name="name">The child group's name, unique on the computer and the same at each start, e.g. with the vehicle's id.</param>
    public static CgroupLimit Apply(CgroupSetting setting, CgroupLimits limits, string name, SystemFiles files, ILogger logger)
    {
        var applied = new CgroupLimit(files, logger);
        if (setting.IsOff)
        {
            LogOff(logger);
            return applied;
        }

        var problems = applied.Enter(setting, limits, name);
        problems.AddRange(applied.Set(limits));
        applied.Tell(limits, problems);
        return applied;
    }

    /// <summary>Other limits from now on, such as after a change of the owner's policy.</summary>
    public void Update(CgroupLimits limits)
    {
        if (_groups.Count == 0)
            return;
        var problems = Set(limits);
        if (limits.MemoryBytes is not null && !_groups.Exists(group => group.Controllers.Contains("memory")))
            problems.Add("memory had no limit at the start, so no group for it was made");
        Tell(limits, problems);
    }

    public void Dispose()
    {
        foreach (var group in _groups)
            group.Leave();
        _groups.Clear();
        IsEffective = false;
    }

    private List<string> Enter(CgroupSetting setting, CgroupLimits limits, string name)
    {
        var problems = new List<string>();
        var parents = Parents(setting, limits, problems);
        foreach (var group in parents.GroupBy(parent => parent.Group, parent => parent.Controller))
        {
            IControllerGroup own = group.Key.IsV2
                ? new UnifiedGroup(_files, group.Key.Folder, name, [.. group])
                : new SingleGroup(_files, group.Key.Folder, name, group.Single());
            if (own.Enter() is { } problem)
                problems.Add(problem);
            else
                _groups.Add(own);
        }

        return problems;
    }

    private List<(ControlGroup Group, string Controller)> Parents(CgroupSetting setting, CgroupLimits limits, List<string> problems)
    {
        var parents = new List<(ControlGroup, string)>();
        string[] wanted = limits.MemoryBytes is null ? ["cpu"] : ["cpu", "memory"];
        foreach (var controller in wanted)
        {
            if (Parent(setting, controller) is not { } group)
                problems.Add($"no '{controller}' controller {(setting.Parent is { } parent ? $"in {parent}" : "for this process's group")}");
            else if (setting.Parent is null && IsSomeoneElses(group))
                problems.Add($"{group.Folder} may be how whoever started this process keeps track of it");
            else
                parents.Add((group, controller));
        }

        return parents;
    }

    /// <summary>
    /// Writable is not offered where one may write to everything: v1 lists a group's processes without its children's, so whoever
    /// made the group would lose sight of a process that moves into a child.
    /// </summary>
    private bool IsSomeoneElses(ControlGroup group) => _files.IsPrivileged && group is { IsV2: false, IsRoot: false };

    private ControlGroup? Parent(CgroupSetting setting, string controller)
    {
        if (setting.Parent is not { } folder)
            return CgroupTree.Of(_files, controller);
        if (_files.Text($"{folder}/cgroup.controllers") is { } controllers)
            return controllers.Split(' ').Contains(controller) ? new ControlGroup(folder, IsV2: true, IsRoot: false) : null;
        return _files.Exists($"{folder}/{SingleGroup.LimitFile(controller)}") ? new ControlGroup(folder, IsV2: false, IsRoot: false) : null;
    }

    private List<string> Set(CgroupLimits limits) => [.. _groups.SelectMany(group => group.Set(limits))];

    private void Tell(CgroupLimits limits, List<string> problems)
    {
        IsEffective = problems.Count == 0;
        var where = string.Join(" and ", _groups.Select(group => group.Folder));
        if (IsEffective)
            LogApplied(_logger, limits, where);
        else
            LogMissing(_logger, string.Join("; ", problems), where.Length == 0 ? "none" : where, HowToOffer);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The kernel limits this process to {Limits}: {Where}")]
    private static partial void LogApplied(ILogger logger, CgroupLimits limits, string where);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The kernel does not limit this process as asked: {Missing} (in force: {Where}); {HowToOffer}")]
    private static partial void LogMissing(ILogger logger, string missing, string where, string howToOffer);

    [LoggerMessage(Level = LogLevel.Information, Message = "The kernel does not limit this process: the setting 'cgroup' is off")]
    private static partial void LogOff(ILogger logger);
}
