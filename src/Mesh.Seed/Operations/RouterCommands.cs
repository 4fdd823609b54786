using System.Text.Json.Nodes;
using Mesh.Messages.Control;
using Mesh.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary><c>mesh router | stats</c>.</summary>
internal sealed class RouterCommands(RegionDesk desk, RouterReadiness readiness)
{
    public async Task<JsonObject> DescribeAsync(CancellationToken cancellation)
    {
        var figures = await desk.AskAsync(new GetRouter(), cancellation);
        return new JsonObject
        {
            ["seed"] = desk.Node.Self.Address,
            ["region"] = desk.Node.Region.Value,
            ["leaving"] = desk.Node.IsLeaving,
            ["job_router"] = await JobRouterAsync(cancellation),
            ["vehicles_known"] = figures.Known,
            ["vehicles"] = Vehicles(figures),
            ["active"] = figures.Active,
            ["waiting"] = figures.Waiting,
            ["waiting_by_priority"] = new JsonObject(figures.WaitingAt
                .Select((count, i) => KeyValuePair.Create($"{i + 1}", (JsonNode?)JsonValue.Create(count)))
                .Where(level => (int)level.Value! > 0)),
            ["choice"] = "least expected time to a good answer among at most 16 candidates near the client",
            ["settings"] = Settings(figures.Settings),
        };
    }

    public async Task<JsonObject> CountAsync(CancellationToken cancellation)
    {
        var figures = await desk.AskAsync(new GetRouter(), cancellation);
        var recent = figures.Recent;
        var document = new JsonObject
        {
            ["requests_per_s"] = Words.Number(Ended(recent.Recent) / recent.Span.TotalSeconds, 2),
            ["p50_ms"] = Words.Milliseconds(recent.P50),
            ["p99_ms"] = Words.Milliseconds(recent.P99),
            ["waiting"] = figures.Waiting,
            ["active"] = figures.Active,
        };
        Count(document, recent.Totals);
        document["vehicles"] = Vehicles(figures);
        var last = new JsonObject { ["seconds"] = recent.Span.TotalSeconds };
        Count(last, recent.Recent);
        document["last_10_s"] = last;
        return document;
    }

    /// <summary>The rest is worth telling although the job router does not answer.</summary>
    private async Task<JsonObject> JobRouterAsync(CancellationToken cancellation)
    {
        var asked = desk.Time.GetTimestamp();
        try
        {
            var status = await desk.AskRouterAsync<RouterStatus>(GetRouterStatus.Instance, cancellation);
            return new JsonObject
            {
                ["seed"] = status.Seed.Address,
                ["is_here"] = status.Seed == desk.Node.Self,
                ["term"] = status.Term,
                ["journal_sequence"] = status.JournalSequence,
                ["answered_in_ms"] = Words.Milliseconds(desk.Time.GetElapsedTime(asked)),
                ["vehicles_on_record"] = status.Vehicles,
                ["batches"] = status.Batches,
                ["active_batches"] = status.ActiveBatches,
                ["units_out"] = status.OpenUnits,
            };
        }
        catch (CommandFailedException e)
        {
            return new JsonObject { ["term"] = readiness.Term, ["error"] = e.Message };
        }
    }

    private static long Ended(RequestCounts counts) => counts.Answered + counts.Refused + counts.Failed + counts.Invalid + counts.Cancelled;

    private static void Count(JsonObject document, RequestCounts counts)
    {
        document["answered"] = counts.Answered;
        document["refused"] = counts.Refused;
        document["failed"] = counts.Failed;
        document["invalid"] = counts.Invalid;
        document["cancelled"] = counts.Cancelled;
        document["hedges"] = counts.Hedges;
        document["retries"] = counts.Retries;
        document["energy_j"] = Words.Number(counts.EnergyUj / 1e6, 3);
    }

    private static JsonObject Vehicles(RouterFigures figures) =>
        new(figures.Vehicles.Select(state => KeyValuePair.Create(Words.Of(state.Key), (JsonNode?)JsonValue.Create(state.Value))));

    private static JsonObject Settings(RouterSettings settings) => new()
    {
        ["max_waiting"] = settings.MaxWaiting,
        ["no_vehicle_wait_s"] = Words.Seconds(settings.NoVehicleWait),
        ["max_failed_attempts"] = settings.MaxFailedAttempts,
        ["warm_copies"] = settings.WarmCopies,
        ["hedge_share"] = settings.HedgeShare,
        ["hedge_burst"] = settings.HedgeBurst,
        ["circuit_failures"] = settings.CircuitFailures,
        ["circuit_pause_s"] = Words.Seconds(settings.CircuitPause),
        ["retry_cost_ms"] = Words.Milliseconds(settings.RetryCost),
        ["units_per_vehicle"] = settings.Batches.UnitsPerVehicle,
        ["unit_length_s"] = Words.Seconds(settings.Batches.UnitLength),
    };
}
