using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Batches;

/// <summary>How a batch stands, and why it waits where it does: for operators (docs/explain.md).</summary>
/// <param name="Why">What keeps it, the most general first; empty = nothing does, or it has ended.</param>
/// <param name="Model">Null while its run has not found it.</param>
public sealed record BatchFindings(
    BatchEntry Entry, RunStage Stage, ModelReference? Model, ImmutableArray<VehicleReason> Why, DateTimeOffset Wall)
{
    public TimeSpan? RetryIn { get; init; }

    public int FailedRuns { get; init; }

    /// <summary>Lines that wait for a vehicle.</summary>
    public int Waiting { get; init; }

    /// <summary>Lines that vehicles have.</summary>
    public int Out { get; init; }

    /// <summary>Lines that failed or were lost with a vehicle, and have no outcome yet.</summary>
    public int Troubled { get; init; }

    /// <summary>As measured in the fleet lately; null before.</summary>
    public double? SecondsPerLine { get; init; }

    public int UnitCount { get; init; }

    /// <summary>The first ones.</summary>
    public ImmutableArray<UnitFindings> Units { get; init; } = [];

    public int VehicleCount { get; init; }

    /// <summary>The first ones; those that could take a unit now before the others.</summary>
    public ImmutableArray<BatchVehicle> Vehicles { get; init; } = [];

    /// <summary>Ids that resemble one that there is not, or the newest there are.</summary>
    public static IReadOnlyList<string> Near(BatchBook book, string batch)
    {
        const int Most = 5;
        var newest = book.Batches.Keys.Reverse().Take(200).ToList();
        var similar = newest.Where(id => id.StartsWith(batch, StringComparison.Ordinal) || NearName.Distance(id, batch) <= 6).Take(Most).ToList();
        return similar.Count > 0 ? similar : [.. newest.Take(Most)];
    }

    public JsonObject ToJson()
    {
        var document = BatchDocument.Of(Entry, UnitCount, Wall);
        document["stage"] = Words.Of(Stage);
        document["retry_in_s"] = Words.Seconds(RetryIn);
        document["failed_runs"] = FailedRuns;
        document["waiting_lines"] = Waiting;
        document["lines_out"] = Out;
        document["troubled_lines"] = Troubled;
        document["seconds_per_line"] = Words.Number(SecondsPerLine, 4);
        document["units"] = new JsonArray([.. Units.Select(unit => unit.ToJson())]);
        document["why"] = Words.Of(Why);
        document["vehicles_known"] = VehicleCount;
        document["vehicles"] = new JsonArray([.. Vehicles.Select(vehicle => vehicle.ToJson())]);
        return document;
    }
}

/// <summary>A unit that is out.</summary>
/// <param name="Connected">False: its vehicle is gone, and may come back with what it has.</param>
/// <param name="HeardBy">Something has to be heard of it within this time.</param>
public sealed record UnitFindings(ulong Unit, VehicleId Vehicle, int LinesLeft, bool Connected, TimeSpan OutFor, TimeSpan HeardBy)
{
    public JsonObject ToJson() => new()
    {
        ["unit"] = Unit,
        ["vehicle"] = Vehicle.Value,
        ["lines_left"] = LinesLeft,
        ["connected"] = Connected,
        ["out_for_s"] = Words.Seconds(OutFor),
        ["must_be_heard_of_in_s"] = Words.Seconds(HeardBy),
    };
}

/// <summary>A vehicle with a stream at the router's seed, and what speaks against it for this batch.</summary>
public sealed record BatchVehicle(VehicleId Vehicle, ImmutableArray<VehicleReason> Reasons)
{
    public const string HasItsShare = "HAS_ITS_SHARE";

    public bool IsEligible => !Reasons.Any(reason => reason.Excludes);

    /// <summary>It works for batches, and nothing else keeps it from the next unit.</summary>
    public bool HasOnlyItsShare => !IsEligible && Reasons.Where(reason => reason.Excludes).All(reason => reason.Code == HasItsShare);

    public JsonObject ToJson() => new()
    {
        ["vehicle"] = Vehicle.Value,
        ["takes_units_now"] = IsEligible,
        ["reasons"] = Words.Of(Reasons),
    };
}
