using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>The course of a request as a document. Pure.</summary>
internal static class RequestDocument
{
    /// <param name="uid">Of the seed.</param>
    /// <param name="seed">Its address.</param>
    public static JsonObject Of(RequestReport report, RequestFindings found, int uid, string seed, DateTimeOffset wall)
    {
        var state = report.Outcome is not null ? "ended" : report.Attempts.Any(attempt => attempt.EndedAt is null) ? "running" : "waiting";
        return new JsonObject
        {
            ["kind"] = "request",
            ["request"] = new RequestName(uid, report.Request).ToString(),
            ["client_request"] = Words.Text(report.ClientRequest),
            ["others_of_that_id"] = found.Others.Length == 0 ? null : Words.Of(found.Others.Select(other => new RequestName(uid, other).ToString())),
            ["seed"] = seed,
            ["state"] = state,
            ["outcome"] = report.Outcome is { } outcome ? Words.Of(outcome) : null,
            ["error"] = Words.Text(report.Error),
            ["summary"] = Summary(report, state, found.Denied),
            ["model"] = report.Model.ToString(),
            ["priority"] = report.Level,
            ["payload_bytes"] = report.PayloadBytes,
            ["near_place"] = Words.Text(report.Origin?.Geohash),
            ["max_distance_km"] = Words.Number(report.MaxDistanceKm, 1),
            ["arrived_at"] = Words.Time(wall - (found.Now - report.QueuedAt)),
            ["deadline_ms"] = Words.Milliseconds(report.Deadline - report.QueuedAt),
            ["took_ms"] = Words.Milliseconds((report.EndedAt ?? found.Now) - report.QueuedAt),
            ["attempts"] = new JsonArray([.. report.Attempts.Select(attempt => Attempt(attempt, report))]),
            ["attempts_in_all"] = report.AttemptCount,
            ["decisions"] = new JsonArray([.. report.Decisions.Select(decision => Decision(decision, report))]),
            ["decisions_in_all"] = report.DecisionCount,
            ["denied_now"] = found.Denied.IsEmpty ? null
                : new JsonArray([.. found.Denied.Select(denied => new JsonObject { ["code"] = denied.Code, ["vehicles"] = denied.Vehicles })]),
        };
    }

    private static string Summary(RequestReport report, string state, ImmutableArray<DeniedVehicles> denied)
    {
        var last = report.Attempts is [.., var newest] ? newest : (TracedAttempt?)null;
        switch (report.Outcome)
        {
            case RequestOutcome.Ok:
                var answered = report.Attempts.FirstOrDefault(attempt => attempt.End == AttemptEnd.Answered);
                return $"{answered.Vehicle} answered{(answered.Hedge ? " as a hedge" : "")}; {Reason(report, answered)}";
            case { } outcome:
                return $"{Words.Of(outcome)}: {report.Error}";
            case null when state == "running" && last is { } running:
                return $"it is out on {running.Vehicle}; {Reason(report, running)}";
            default:
                return report.Decisions is [.., { Chosen: null } look] ? $"it waits: {Nobody(look)}{Denied(denied)}" : "it waits for its turn: others go before it";
        }
    }

    private static string Reason(RequestReport report, TracedAttempt attempt)
    {
        var decision = report.Decisions.FirstOrDefault(decision => decision.Chosen == attempt.Vehicle && decision.Hedge == attempt.Hedge);
        if (decision is null)
            return "why it was chosen is not kept";
        var scored = decision.Candidates.Where(candidate => candidate.Verdict == ChoiceVerdict.Scored).OrderBy(candidate => candidate.ScoreMs).ToList();
        var own = scored.FirstOrDefault(candidate => candidate.Vehicle == attempt.Vehicle);
        if (own.ScoreMs is double.NaN || scored.Count == 0)
            return "it was the least bad of those that had failed before: nobody else takes the model";
        return scored.Count == 1
            ? "it was the only one that could take it"
            : string.Create(CultureInfo.InvariantCulture, $"its score of {own.ScoreMs:0.##} ms was the least of {scored.Count} that could take it, the next one {scored[1].ScoreMs:0.##} ms");
    }

    private static string Nobody(DecisionReport look)
    {
        var fleet = look.Fleet;
        if (fleet.Connected == 0)
            return "no vehicle is connected to this seed";
        var filtered = look.Candidates.Where(candidate => candidate.Verdict is not (ChoiceVerdict.Scored or ChoiceVerdict.CircuitOpen))
            .GroupBy(candidate => candidate.Verdict).Select(group => $"{group.Count()} {Words.Of(group.Key)}").ToList();
        return $"of {fleet.Connected} vehicles {fleet.Full} have no room, {fleet.Resting} rest after failures, {fleet.Unserviceable} drain or are unreachable"
            + (filtered.Count > 0 ? $", and of the others {string.Join(", ", filtered)}" : "");
    }

    private static string Denied(ImmutableArray<DeniedVehicles> denied) => denied.IsEmpty ? ""
        : $"; owners' rules that deny requests now: {string.Join(", ", denied.Select(rule => $"{rule.Code} at {rule.Vehicles}"))}";

    private static JsonObject Attempt(TracedAttempt attempt, RequestReport report) => new()
    {
        ["attempt"] = attempt.Number,
        ["vehicle"] = attempt.Vehicle.Value,
        ["hedge"] = attempt.Hedge,
        ["started_ms"] = Words.Milliseconds(attempt.At - report.QueuedAt),
        ["ended_ms"] = Words.Milliseconds(attempt.EndedAt - report.QueuedAt),
        ["end"] = attempt.EndedAt is null ? "out" : attempt.End is { } end ? Words.Of(end) : "called_off",
        ["error"] = Words.Text(attempt.Error),
        ["queue_ms"] = Words.Milliseconds(attempt.Timings.Queue),
        ["load_ms"] = Words.Milliseconds(attempt.Timings.Load),
        ["infer_ms"] = Words.Milliseconds(attempt.Timings.Infer),
    };

    private static JsonObject Decision(DecisionReport decision, RequestReport report) => new()
    {
        ["at_ms"] = Words.Milliseconds(decision.At - report.QueuedAt),
        ["chosen"] = decision.Chosen?.Value,
        ["hedge"] = decision.Hedge,
        ["looks_in_vain"] = decision.Chosen is null ? decision.Looks : null,
        ["vehicles"] = new JsonObject
        {
            ["connected"] = decision.Fleet.Connected,
            ["takers"] = decision.Fleet.Takers,
            ["without_room"] = decision.Fleet.Full,
            ["resting"] = decision.Fleet.Resting,
            ["draining_or_unreachable"] = decision.Fleet.Unserviceable,
        },
        ["examined"] = decision.Examined,
        ["candidates"] = new JsonArray(
        [
            .. decision.Candidates.OrderBy(candidate => double.IsNaN(candidate.ScoreMs)).ThenBy(candidate => candidate.ScoreMs)
                .Select(candidate => Of(candidate, decision)),
        ]),
    };

    private static JsonObject Of(Candidate candidate, DecisionReport decision) => new()
    {
        ["vehicle"] = candidate.Vehicle.Value,
        ["chosen"] = candidate.Vehicle == decision.Chosen,
        ["score_ms"] = Words.Number(candidate.ScoreMs, 3),
        ["filtered"] = candidate.Verdict == ChoiceVerdict.Scored ? null : Words.Of(candidate.Verdict),
        ["model_loaded"] = candidate.Loaded,
        ["tried_before"] = candidate.Tried,
    };
}
