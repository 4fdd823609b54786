using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Routing;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Operations;

/// <summary>Why a request went where it went, as the router's history has it.</summary>
public sealed class RequestExplanationTests
{
    private readonly RouterHistory _history = new();
    private readonly RouterDriver _router;

    public RequestExplanationTests() => _router = new RouterDriver(new RouterSettings { HedgeShare = 0 }, history: _history);

    [Fact]
    public void The_chosen_vehicle_has_the_least_score_of_the_candidates_and_those_filtered_say_why()
    {
        _router.Open("near", Frankfurt);
        _router.Open("far", Sydney);
        _router.Open("small", Frankfurt, Load(), memory: 10);
        var request = _router.Submit(new SubmitRequest(default, Model(size: 1000), 100, _router.Now + TimeSpan.FromSeconds(10), 0) { ClientRequest = "mine" });
        _router.Report(request, AttemptOutcome.Ok, inferMs: 5);

        var explained = Explain(request);
        var decision = explained["decisions"]![0]!;
        Assert.Equal(("ok", "near"), ((string)explained["outcome"]!, (string)decision["chosen"]!));
        var candidates = decision["candidates"]!.AsArray();
        Assert.Equal(["near", "far", "small"], candidates.Select(candidate => (string)candidate!["vehicle"]!));
        Assert.True((double)candidates[0]!["score_ms"]! < (double)candidates[1]!["score_ms"]!);
        Assert.Equal((null, "too_little_memory"), ((double?)candidates[2]!["score_ms"], (string)candidates[2]!["filtered"]!));
        Assert.Contains("near answered; its score of", (string)explained["summary"]!, StringComparison.Ordinal);
        Assert.Equal("mine", (string)explained["client_request"]!);
        Assert.Equal(5, (double)explained["attempts"]![0]!["infer_ms"]!);
    }

    [Fact]
    public void Each_attempt_tells_when_it_began_and_how_it_ended()
    {
        var first = _router.Open("V-1");
        var request = _router.Submit();
        _router.Advance(0.1);
        _router.Open("V-2");
        _router.Run(new StreamClosed(first));
        _router.Advance(0.2);
        _router.Open("V-3");
        _router.Report(request, AttemptOutcome.Failed, error: "out of memory");
        _router.Report(request, AttemptOutcome.Ok);

        var attempts = Explain(request)["attempts"]!.AsArray();
        Assert.Equal(
            ["V-1 lost", "V-2 failed", "V-3 answered"],
            attempts.Select(attempt => $"{attempt!["vehicle"]} {attempt["end"]}"));
        Assert.Equal((0, 100, 100), ((double)attempts[0]!["started_ms"]!, (double)attempts[0]!["ended_ms"]!, (double)attempts[1]!["started_ms"]!));
        Assert.Equal("out of memory", (string)attempts[1]!["error"]!);
    }

    [Fact]
    public void A_request_that_waits_says_for_whom_however_often_it_was_looked_at()
    {
        _router.Open("drains", load: Load(draining: true, loaded: "a"));
        var full = _router.Open("full", load: Load(credits: 1, loaded: "a"));
        _router.Submit();
        var request = _router.Submit();
        for (var i = 0; i < 20; i++)
            _router.Run(new LoadChanged(full, Load(credits: 1, loaded: "a")));

        var explained = Explain(request);
        Assert.Equal("waiting", (string)explained["state"]!);
        Assert.Equal("it waits: of 2 vehicles 1 have no room, 0 rest after failures, 1 drain or are unreachable", (string)explained["summary"]!);
        var look = Assert.Single(explained["decisions"]!.AsArray())!;
        Assert.InRange((int)look["looks_in_vain"]!, 20, 100);
    }

    [Fact]
    public void One_that_was_refused_at_once_is_known_as_well()
    {
        var router = new RouterDriver(new RouterSettings { MaxWaiting = 1 }, history: _history);
        router.Submit();
        var refused = router.Submit();
        var report = _history.Find(refused)!;
        Assert.Equal((RequestOutcome.Overloaded, 0), (report.Outcome, report.AttemptCount));
        Assert.Contains("as many as may", report.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_requests_are_kept_and_older_ones_forgotten()
    {
        _router.Open("V-1");
        var first = _router.Submit();
        _router.Report(first, AttemptOutcome.Ok);
        for (var i = 1; i < RouterHistory.KeptRequests; i++)
            _router.Answer();
        Assert.NotNull(_history.Find(first));
        _router.Answer();
        Assert.Null(_history.Find(first));
        Assert.Equal(RouterHistory.KeptRequests, _history.Ended(int.MaxValue).Count());
    }

    [Fact]
    public void One_that_is_still_open_is_known_however_many_came_after_it()
    {
        _router.Open("V-1", load: Load(credits: 2000, loaded: "a"));
        var open = _router.Submit(seconds: 1e6);
        for (var i = 0; i < RouterHistory.KeptRequests; i++)
            _router.Report(_router.Submit(seconds: 1e6), AttemptOutcome.Ok);
        Assert.Null(_history.Find(open));
        var explained = Explain(open);
        Assert.Equal(("running", "V-1"), ((string)explained["state"]!, (string)explained["attempts"]![0]!["vehicle"]!));
    }

    [Fact]
    public void A_clients_id_finds_its_newest_request_and_names_the_others()
    {
        _router.Open("V-1");
        var requests = Enumerable.Range(0, 3)
            .Select(_ => _router.Submit(new SubmitRequest(default, Model(), 100, _router.Now + TimeSpan.FromSeconds(10), 0) { ClientRequest = "again" }))
            .ToList();
        var found = new GetRequest(null, "again").Answer(_router.View);
        Assert.Equal(requests[2], found.Report!.Request);
        Assert.Equal([requests[1], requests[0]], found.Others.AsEnumerable());
        Assert.Null(new GetRequest(null, "other").Answer(_router.View).Report);
    }

    [Fact]
    public void Where_the_client_is_is_told_no_closer_than_a_cell()
    {
        _router.Open("V-1");
        var request = _router.Submit(new SubmitRequest(default, Model(), 100, _router.Now + TimeSpan.FromSeconds(10), 0) { Origin = new GeoPoint(50.1109221, 8.6821267) });
        var text = Explain(request).ToJsonString();
        Assert.Contains("u0yjj", text, StringComparison.Ordinal);
        Assert.DoesNotContain("8.68", text, StringComparison.Ordinal);
    }

    private JsonObject Explain(RequestId request)
    {
        var found = new GetRequest(request, "").Answer(_router.View);
        return RequestDocument.Of(found.Report!, found, 7, "akka.tcp://mesh@seed:4053", DateTimeOffset.UnixEpoch);
    }
}
