using System.Globalization;
using Mesh.Hosting.Downing;

namespace Mesh.Seed.Health;

/// <summary>What is known of the journal's database. Times are on the process's monotonic clock.</summary>
/// <param name="Failures">Looks and writes in a row that failed; 0 = the last one went well.</param>
/// <param name="Since">When the first of them failed.</param>
/// <param name="Cause">Of the last, for people.</param>
public readonly record struct JournalState(int Failures, TimeSpan Since, string Cause);

/// <summary>This seed's job router stopped for its journal.</summary>
/// <param name="At">On the process's monotonic clock.</param>
/// <param name="Term">The last one known then, of it or of any other: what is heard of these terms may be older than the failure.</param>
public readonly record struct RouterFailure(TimeSpan At, long Term);

/// <summary>What a seed knows of itself when it is asked how it is.</summary>
public sealed record HealthFacts
{
    /// <summary>It is Up, or WeaklyUp, in its region.</summary>
    public bool IsMember { get; init; }

    /// <summary>Why it is not, as whoever decides about forming a region said last; null = it has not.</summary>
    public string? WhyNoMember { get; init; }

    public bool IsLeaving { get; init; }

    /// <summary>When the region's job router was last heard of; null = never.</summary>
    public TimeSpan? RouterHeardAt { get; init; }

    /// <summary>The highest term of a job router that was heard of; 0 = none.</summary>
    public long RouterTerm { get; init; }

    /// <summary>How this seed's own job router last failed for its journal; null = never.</summary>
    public RouterFailure? RouterFailure { get; init; }

    public JournalState Journal { get; init; }

    /// <summary>What whoever decides about downing said last of the region's seeds, which it counts twice a second.</summary>
    public SeedMajority Majority { get; init; } = SeedMajority.Unknown;

    /// <summary>When it said so; null = it has not yet.</summary>
    public TimeSpan? MajorityHeardAt { get; init; }

    /// <summary>Vehicles with a work stream here, and those of them that take requests.</summary>
    public (int Taking, int Connected) Vehicles { get; init; }
}

/// <summary>
/// How a seed is, from what it knows. Pure. What a seed cannot do its part without makes it not ready; that no vehicle is
/// there only degrades it, since vehicles find a region by its ready seeds.
/// </summary>
public static class HealthRules
{
    /// <summary>A journal that fails for less than this, or only once, is slow or restarting rather than lost.</summary>
    public static readonly TimeSpan JournalPatience = TimeSpan.FromSeconds(3);

    public const int JournalFailures = 2;

    /// <summary>Another seed takes the job router over within 15 s; it answers every 2 s.</summary>
    public static readonly TimeSpan RouterSilence = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A minority exits after 7 s: a seed whose seeds nobody has counted for longer than any pause of a loaded machine would
    /// not notice that it is one.
    /// </summary>
    public static readonly TimeSpan MajoritySilence = TimeSpan.FromSeconds(30);

    public static HealthReport Judge(HealthFacts facts, TimeSpan now)
    {
        List<HealthReason> blocking = [];
        if (facts.IsLeaving)
            blocking.Add(new(HealthCodes.Leaving, "this seed is leaving its region"));
        else if (!facts.IsMember)
            blocking.Add(new(HealthCodes.Joining, "this seed is not Up in its region" + (facts.WhyNoMember is { } why ? $": {why}" : "")));
        if (JournalLost(facts, now) is { } journal)
            blocking.Add(new(HealthCodes.Journal, journal));
        if (MajorityMissing(facts, now) is { } majority)
            blocking.Add(new(HealthCodes.Majority, majority));
        if (RouterMissing(facts, now) is { } router)
            blocking.Add(new(HealthCodes.Router, router));
        var without = WithoutVehicles(facts.Vehicles);
        if (blocking.Count > 0)
            return new HealthReport(HealthStatus.NotReady, without is null ? blocking : [.. blocking, without]);
        return without is null ? HealthReport.Well : new HealthReport(HealthStatus.Degraded, [without]);
    }

    /// <summary>Unable, not only slow: it failed more than once, for a while, or has kept this seed's job router from its work for as long.</summary>
    private static string? JournalLost(HealthFacts facts, TimeSpan now)
    {
        var (failures, since, cause) = facts.Journal;
        if (failures >= JournalFailures && now - since >= JournalPatience)
            return Text($"the journal's database has failed for {(now - since).TotalSeconds:0} s: {cause}");
        // A later term was written since, here or elsewhere. Not merely a later answer: the failed router's may have been under way.
        return facts.RouterFailure is { } failed && now - failed.At >= JournalPatience && facts.RouterTerm <= failed.Term
            ? Text($"the job router of this seed stopped {(now - failed.At).TotalSeconds:0} s ago because of its journal, and no other is heard of since")
            : null;
    }

    private static string? MajorityMissing(HealthFacts facts, TimeSpan now)
    {
        if (!facts.Majority.Holds)
            return Text($"this seed reaches {facts.Majority.Reached} of the region's {facts.Majority.Of} seeds, itself included: no majority");
        // As it joins and leaves nobody counts, and it is not ready anyway.
        return facts is { IsMember: true, IsLeaving: false, MajorityHeardAt: { } heard } && now - heard >= MajoritySilence
            ? Text($"the region's seeds have not been counted here for {(now - heard).TotalSeconds:0} s: whether this seed reaches a majority is not known")
            : null;
    }

    private static string? RouterMissing(HealthFacts facts, TimeSpan now) => facts.RouterHeardAt switch
    {
        null => "the region's job router has not answered yet",
        { } heard when now - heard >= RouterSilence => Text($"the region's job router has not answered for {(now - heard).TotalSeconds:0} s"),
        _ => null,
    };

    private static HealthReason? WithoutVehicles((int Taking, int Connected) vehicles) => vehicles switch
    {
        { Connected: 0 } => new(HealthCodes.Vehicles, "no vehicle is connected to this seed"),
        { Taking: 0 } => new(HealthCodes.Vehicles, Text($"none of the {vehicles.Connected} connected vehicles takes requests now")),
        _ => null,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
