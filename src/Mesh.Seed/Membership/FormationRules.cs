using System.Globalization;
using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Membership;

/// <summary>What a seed that is in no region yet does about it.</summary>
public enum FormationStep
{
    /// <summary>For others, or to be let in.</summary>
    Wait,

    /// <summary>It forms a new region.</summary>
    Form,

    /// <summary>It ends for its supervisor: what keeps it out may be its own.</summary>
    Restart,
}

/// <param name="Why">What it knows, for people; names no host.</param>
public sealed record FormationVerdict(FormationStep Step, string Why)
{
    /// <summary>It is a member.</summary>
    public static FormationVerdict LetIn { get; } = new(FormationStep.Wait, "it was let in and waits to be Up");
}

/// <summary>
/// Decides whether a seed that starts forms a new region. Pure: fed with the other seeds' answers and the time since the start.
/// <para>
/// Only the first seed of the list does, and only when it knows of a majority of the list, itself included, that they are in
/// no region: one that is cut off waits, however long, instead of forming a second region beside the one that runs
/// (docs/adr/0013-who-forms-a-region.md).
/// </para>
/// Told by <see cref="RegionFormation"/>. Joining a region that runs is Akka's part.
/// </summary>
/// <param name="isFirst">Whether this seed is the first of the list.</param>
/// <param name="seeds">Length of the list, this seed included.</param>
/// <param name="patience">Seeds that do not answer are waited for this long once the others make a majority.</param>
public sealed class FormationRules(RegionName region, bool isFirst, int seeds, TimeSpan patience)
{
    /// <summary>Seeds are asked once a second: one that does not answer any more is not counted.</summary>
    public static readonly TimeSpan AnswerHolds = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Who is in the region is heard, and does not let it in. Connections that were begun while the other side stood still may stay mute; a
    /// fresh start mends that.
    /// </summary>
    public static readonly TimeSpan RestartAfter = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Too few are heard for a region. Longer than a supervisor's longest pause before it starts a seed again (5 min in Kubernetes), so that
    /// seeds that all go on and off meet.
    /// </summary>
    public static readonly TimeSpan RestartAloneAfter = TimeSpan.FromMinutes(6);

    private readonly Dictionary<string, (SeedInfo Info, TimeSpan At)> _answers = [];
    private TimeSpan? _majoritySince;
    private TimeSpan? _obstacleSince;
    private TimeSpan _wellAt;

    /// <summary>
    /// Long enough for a cut-off minority of a region that runs to have ended itself, and for seeds that start at the same time to be up.
    /// </summary>
    public static TimeSpan PatienceOf(DowningSettings downing) => downing.SeedUnreachableAfter + downing.SeedDownAfter + TimeSpan.FromSeconds(13);

    /// <summary>Another seed of the list answered.</summary>
    public void Answered(SeedInfo info, TimeSpan now) => _answers[info.Seed.Address] = (info, now);

    /// <summary>To be asked about once a second.</summary>
    public FormationVerdict Decide(TimeSpan now)
    {
        var heard = _answers.Values.Where(answer => now - answer.At <= AnswerHolds).Select(answer => answer.Info).ToList();
        var free = 1 + heard.Count(info => info.Membership == RegionMembership.None);
        var needed = (seeds / 2) + 1;
        var obstacle = Obstacle(heard);
        _obstacleSince = obstacle is null ? null : _obstacleSince ?? now;
        _majoritySince = obstacle is null && free >= needed ? _majoritySince ?? now : null;
        // A majority that waits, too, is heard well: there is nothing that a fresh start would mend.
        if (_majoritySince is not null)
            _wellAt = now;

        var why = obstacle ?? Waiting(free, needed);
        if (isFirst && _majoritySince is { } since && (free == seeds || now - since >= patience))
            return new FormationVerdict(FormationStep.Form, why);
        // However long it was alone before, who hears a region first has its time to be let in.
        var restarts = _obstacleSince is { } heardAt ? now - heardAt >= RestartAfter : now - _wellAt >= RestartAloneAfter;
        return new FormationVerdict(restarts ? FormationStep.Restart : FormationStep.Wait, why);
    }

    /// <summary>Why no region may be formed, whoever else is in none; null = nobody is known to be in one.</summary>
    private string? Obstacle(List<SeedInfo> heard)
    {
        if (heard.Find(info => info.Region != region) is { } stranger)
            return $"a seed of its list is one of region '{stranger.Region}'";
        if (heard.Exists(info => info.Membership == RegionMembership.Member))
            return "another seed is in it, this one joins";
        // It is alive, so that it is in a region more likely than not.
        return heard.Exists(info => info.Membership == RegionMembership.Unknown)
            ? "a seed of another version does not say whether it is in it"
            : null;
    }

    private string Waiting(int free, int needed)
    {
        var knows = Text($"of the region's {seeds} seeds it knows {free}, itself included, to be in no region");
        if (!isFirst)
            return $"{knows}; the first of the list forms one, or any that is in it lets it join";
        return free < needed ? Text($"{knows}; with {needed} it forms one")
            : free < seeds ? Text($"{knows}; it waits {patience.TotalSeconds:0} s for the others before it forms one")
            : knows;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
