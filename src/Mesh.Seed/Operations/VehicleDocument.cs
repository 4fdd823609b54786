using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>A vehicle in rows and documents. Pure.</summary>
internal static class VehicleDocument
{
    /// <summary>In the order of the table's columns.</summary>
    public static ImmutableArray<JsonValue?> Row(VehicleView vehicle, RepositorySnapshot models)
    {
        var here = vehicle.Connected;
        return
        [
            JsonValue.Create(vehicle.Vehicle.Value),
            JsonValue.Create(Words.Of(vehicle.Condition)),
            Words.Text(vehicle.Cell?.Geohash),
            Words.Number(vehicle.Cell?.Centre.Latitude, 4),
            Words.Number(vehicle.Cell?.Centre.Longitude, 4),
            Words.Text(vehicle.DeviceClass),
            (here?.Session ?? vehicle.Record?.LastEpoch) is { } session ? JsonValue.Create(session.Value) : null,
            Count(here?.Load.Threads),
            Count(here?.Running),
            Count(here?.Queued),
            Count(here?.Load.Credits),
            Words.Milliseconds(here?.RoundTrip),
            here is null ? null : JsonValue.Create(string.Join(',', Names(here, models))),
            JsonValue.Create(vehicle.Answered),
            JsonValue.Create(vehicle.Failed),
            JsonValue.Create(vehicle.Lost),
            Words.Seconds(here?.LeavesIn),
        ];
    }

    public static JsonObject Of(VehicleView vehicle, ImmutableArray<VehicleReason> reasons, RepositorySnapshot models, DateTimeOffset wall)
    {
        var document = Head(vehicle);
        document["place"] = Words.Text(vehicle.Cell?.Geohash);
        document["latitude"] = Words.Number(vehicle.Cell?.Centre.Latitude, 4);
        document["longitude"] = Words.Number(vehicle.Cell?.Centre.Longitude, 4);
        document["device_class"] = Words.Text(vehicle.DeviceClass);
        if (vehicle.Connected is { } here)
        {
            Describe(document, here, models);
            Told(document, here);
        }

        document["answered"] = vehicle.Answered;
        document["failed"] = vehicle.Failed;
        document["lost"] = vehicle.Lost;
        document["reputation"] = Reputation(vehicle, wall);
        document["departures"] = Departures(vehicle.Departures);
        document["why_not"] = Words.Of(reasons);
        return document;
    }

    public static JsonObject Explain(VehicleView vehicle, ImmutableArray<VehicleReason> reasons, DateTimeOffset wall)
    {
        var document = Head(vehicle);
        document.Insert(0, "kind", "vehicle");
        document["takes_requests_now"] = vehicle.Connected is not null && !reasons.Any(reason => reason.Excludes);
        document["summary"] = Summary(vehicle, reasons, wall);
        document["why_not"] = Words.Of(reasons);
        if (vehicle.Connected is { } here)
            Told(document, here);
        else
            document["last_seen_at"] = Words.Time(vehicle.LastSeen);
        document["departures"] = Departures(vehicle.Departures);
        document["note"] = "this is what this seed sees and was told; the vehicle's own pbm port knows the present: 'mesh explain' there has each value of this moment";
        return document;
    }

    private static string Summary(VehicleView vehicle, ImmutableArray<VehicleReason> against, DateTimeOffset wall)
    {
        if (vehicle.Connected is { } here)
        {
            var excluding = against.Where(reason => reason.Excludes).ToList();
            return (excluding.Count == 0
                ? "it takes requests now; whether it gets one depends on its score beside the others'"
                : $"it gets no requests now: {string.Join("; ", excluding.Select(reason => reason.Detail))}") + NoBatches(here.Load);
        }

        if (vehicle.Departures is not [var last, ..])
            return $"it has no work stream to this seed; it was on record last at {Words.Time(vehicle.LastSeen)}, and how it left was not seen here";
        var how = last.Kind switch
        {
            DepartureKind.Planned => last.Farewell.Cause.Length > 0 ? $"it said goodbye ({last.Farewell.Cause})" : "it said goodbye",
            DepartureKind.Superseded => "a newer session of it took over",
            _ => "its stream broke without a word",
        };
        var reasons = string.Join("; ", last.Farewell.Reasons);
        // These causes have nothing to do with what the vehicle's state permits.
        var because = reasons.Length == 0 ? "" : last.Farewell.Cause is "stop" or "renewal" ? $"; no work was permitted then: {reasons}" : $", because of {reasons}";
        return $"it left {Math.Max(0, (wall - last.At).TotalSeconds):0} s ago: {how}{because}";
    }

    /// <summary>For the reasons above are about requests alone.</summary>
    private static string NoBatches(VehicleLoad load)
    {
        if (load.IsHeld || load.Consent is not { Interactive: true, Batch: false })
            return "";
        return "; it takes no batches" + (load.Denials?.Because(batch: true) is { Length: > 0 } rules ? $", because of {rules}" : "");
    }

    /// <summary>The rules that deny work there; null where its version does not tell them.</summary>
    private static void Told(JsonObject document, ConnectedVehicle here)
    {
        document["denials"] = here.Load.Denials is { } told ? new JsonArray([.. told.Rules.Select(Denial)]) : null;
        document["denials_told_at"] = Words.Time(here.Load.Denials?.At);
    }

    private static JsonObject Head(VehicleView vehicle) => new()
    {
        ["vehicle"] = vehicle.Vehicle.Value,
        ["state"] = Words.Of(vehicle.Condition),
        ["connected"] = vehicle.Connected is not null,
    };

    private static void Describe(JsonObject document, ConnectedVehicle here, RepositorySnapshot models)
    {
        document["session"] = here.Session.Value;
        document["member"] = here.Member.Address;
        document["parked_for_s"] = Words.Seconds(here.ParkedFor);
        document["leaves_in_s"] = Words.Seconds(here.LeavesIn);
        document["memory_bytes"] = here.MemoryBytes > 0 ? here.MemoryBytes : null;
        document["threads"] = here.Load.Threads;
        document["credits"] = here.Load.Credits;
        document["running"] = here.Running;
        document["queued"] = here.Queued;
        document["round_trip_ms"] = Words.Milliseconds(here.RoundTrip);
        document["slowness"] = Words.Number(here.Slowness, 3);
        document["models"] = Words.Of(Names(here, models));
        var consent = here.Load.Consent;
        document["consent"] = new JsonObject
        {
            ["interactive"] = consent.Interactive,
            ["batch"] = consent.Batch,
            ["models"] = consent.Models is { } limited ? Words.Of(limited.Names) : "any",
            ["publishers"] = consent.Models is { } named ? Words.Of(named.Publishers) : "any",
        };
    }

    private static JsonObject? Reputation(VehicleView vehicle, DateTimeOffset wall) => vehicle.Record is not { } record ? null : new JsonObject
    {
        ["first_seen_at"] = Words.Time(record.FirstSeen),
        ["last_seen_at"] = Words.Time(vehicle.Connected is null ? record.LastSeen : wall),
        ["sessions"] = record.Sessions,
        ["planned_departures"] = record.PlannedDepartures,
        ["vanished_departures"] = record.VanishedDepartures,
        ["departures_per_hour"] = Words.Number(vehicle.Connected?.DeparturesPerHour, 4),
    };

    private static JsonArray Departures(ImmutableArray<Departure> departures) => new(
    [
        .. departures.Select(departure => new JsonObject
        {
            ["at"] = Words.Time(departure.At),
            ["kind"] = Words.Of(departure.Kind),
            ["session"] = departure.Epoch.Value,
            ["cause"] = Words.Text(departure.Farewell.Cause),
            ["reasons"] = Words.Of(departure.Farewell.Reasons),
            ["denials"] = new JsonArray([.. departure.Farewell.Rules.Select(Denial)]),
        }),
    ]);

    /// <summary>With the keys of the vehicle's own explanation.</summary>
    private static JsonObject Denial(FailedRule rule) => new()
    {
        ["code"] = Words.Text(rule.Code),
        ["rule"] = Words.Text(rule.Rule),
        ["denies"] = Words.Text(rule.Denies),
        ["setting"] = Words.Text(rule.Setting),
        ["signal"] = Words.Text(rule.Signal),
        ["value"] = Words.Text(rule.Value),
        ["threshold"] = Words.Text(rule.Threshold),
        ["age_s"] = Words.Number(rule.AgeSeconds, 1),
        ["unknown"] = Words.Text(rule.Unknown),
    };

    /// <summary>Of the loaded models; one that the repository does not hold any more by the beginning of its hash.</summary>
    private static IEnumerable<string> Names(ConnectedVehicle here, RepositorySnapshot models) => here.Load.Loaded
        .Select(hash => models.FindArtifact(hash)?.Reference.Name ?? $"sha256:{hash.Hex[..12]}")
        .Order(StringComparer.Ordinal);

    private static JsonValue? Count(int? count) => count is { } number ? JsonValue.Create(number) : null;
}
