using System.Globalization;
using Mesh.Hosting.Downing;
using Mesh.Messages;
using Mesh.Messages.Control;

namespace Mesh.Seed.Membership;

/// <summary>What a seed that is in no region yet does about it.</summary>
/// <param name="Form">It forms a new region.</param>
/// <param name="Why">Of what it knows, for people; names no host.</param>
public sealed record FormationVerdict(bool Form, string Why);

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
/// <param name="patience">Seeds that do not answer are waited for this long, even where the others make a majority.</param>
public sealed class FormationRules(RegionName region, bool isFirst, int seeds, TimeSpan patience)
{
    /// <summary>Seeds are asked once a second: one that does not answer any more is not counted.</summary>
    public static readonly TimeSpan AnswerHolds = TimeSpan.FromSeconds(3);

    private readonly Dictionary<string, (SeedInfo Info, TimeSpan At)> _answers = [];

    /// <summary>
    /// Long enough for a cut-off minority of a region that runs to have ended itself, and for seeds that start at the same time to be up.
    /// </summary>
    public static TimeSpan PatienceOf(DowningSettings downing) => downing.SeedUnreachableAfter + downing.SeedDownAfter + TimeSpan.FromSeconds(13);

    /// <summary>Another seed of the list answered.</summary>
    public void Answered(SeedInfo info, TimeSpan now) => _answers[info.Seed.Address] = (info, now);

    public FormationVerdict Decide(TimeSpan now)
    {
        var heard = _answers.Values.Where(answer => now - answer.At <= AnswerHolds).Select(answer => answer.Info).ToList();
        if (heard.Find(info => info.Region != region) is { } stranger)
            return Wait($"a seed of its list is one of region '{stranger.Region}'");
        if (heard.Exists(info => info.Membership == RegionMembership.Member))
            return Wait($"another seed is in it, this one joins");
        // An older program's seed does not say: it is neither in a region nor out of it.
        var free = 1 + heard.Count(info => info.Membership == RegionMembership.None);
        var needed = (seeds / 2) + 1;
        var knows = Text($"of the region's {seeds} seeds it knows {free}, itself included, to be in no region");
        if (!isFirst)
            return Wait($"{knows}; the first of the list forms one, or any that is in it lets it join");
        if (free < needed)
            return Wait(Text($"{knows}; with {needed} it forms one"));
        return free == seeds || now >= patience
            ? new FormationVerdict(true, knows)
            : Wait(Text($"{knows}; it waits {patience.TotalSeconds:0} s for the others before it forms one"));
    }

    private static FormationVerdict Wait(string why) => new(false, why);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
