namespace Mesh.Messages.Control;

/// <summary>
/// A vehicle asks a seed's <c>/user/seed-info</c> where its work stream is, a seed that starts whether it is in a region. Answer:
/// <see cref="SeedInfo"/>.
/// </summary>
public sealed record GetSeedInfo : IMeshMessage
{
    public static GetSeedInfo Instance { get; } = new();
}

/// <summary>Whether a seed is a member of a cluster now.</summary>
public enum RegionMembership
{
    /// <summary>Its program is older than the question, or says what this one does not know.</summary>
    Unknown = 0,

    /// <summary>Not yet, or no more.</summary>
    None = 1,

    /// <summary>In whatever status, Joining included.</summary>
    Member = 2,
}

/// <summary>A seed about itself.</summary>
/// <param name="WorkAddress">Base URI of the work stream and of model artifacts, e.g. <c>http://127.0.0.1:8010</c>.</param>
public sealed record SeedInfo(RegionName Region, NodeAddress Seed, string WorkAddress, RegionMembership Membership) : IMeshMessage;

/// <summary>A registered work stream: this session of this vehicle, with the cluster member it belongs to.</summary>
public sealed record StreamEntry(VehicleId Vehicle, SessionEpoch Epoch, NodeAddress Member);

/// <summary>
/// What a seed tells the other seeds' downing actor once a second: that it lives and which vehicles have their stream here.
/// Its absence is what downs a seed (DowningRules).
/// </summary>
/// <param name="Heard">The other seeds it has reports of: one that somebody hears lives, though others do not hear it.</param>
public sealed record SeedReport(NodeAddress Seed, IReadOnlyList<StreamEntry> Streams, IReadOnlyList<HeardSeed> Heard) : IMeshMessage;

/// <summary>A seed was heard of so long ago.</summary>
public sealed record HeardSeed(NodeAddress Seed, TimeSpan Silence);
