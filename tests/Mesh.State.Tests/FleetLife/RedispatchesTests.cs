using System.Diagnostics;
using Mesh.Benchmarks.FleetLife;
using Mesh.Messages;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.FleetLife;

public sealed class RedispatchesTests
{
    private static readonly VehicleId Car = new("car-01");
    private static readonly StreamId Stream = new(7);
    private static readonly InferenceCall Call = new(
        new ModelReference("m", "1", new ArtifactHash(new string('a', 64)), 1), [new RawTensor([1], new byte[4])], [], TimeSpan.FromSeconds(1));

    [Fact]
    public void What_the_car_handed_back_counts_from_its_departure()
    {
        var (journey, call) = Begin();
        Send(call);
        var departure = Leave(DepartureStyle.Now);
        journey.Report(new AttemptReported(AttemptId.Of(new RequestId(1), 1), Stream, AttemptOutcome.HandedBack, "", default));
        Send(call);
        var after = Stopwatch.GetElapsedTime(departure.At, journey.Sent[1]);
        Assert.Equal([new Redispatch(DepartureStyle.Now, after)], Of(journey, departure));
    }

    [Fact]
    public void What_was_lost_with_its_stream_counts_from_its_departure()
    {
        var (journey, call) = Begin();
        Send(call);
        var departure = Leave(DepartureStyle.Vanished);
        var ended = new StreamEnded(Stream, Car, Stopwatch.GetTimestamp());
        Send(call);
        var after = Stopwatch.GetElapsedTime(departure.At, journey.Sent[1]);
        Assert.Equal([new Redispatch(DepartureStyle.Vanished, after)], Of(journey, departure, ended));
    }

    [Fact]
    public void A_hedge_that_goes_out_before_the_end_is_noticed_counts()
    {
        var (journey, call) = Begin();
        journey.Hedged = true;
        Send(call);
        var departure = Leave(DepartureStyle.Vanished);
        Send(call);
        journey.Report(new AttemptReported(AttemptId.Of(new RequestId(1), 2), new StreamId(8), AttemptOutcome.Ok, "", default));
        var ended = new StreamEnded(Stream, Car, Stopwatch.GetTimestamp());
        var after = Stopwatch.GetElapsedTime(departure.At, journey.Sent[1]);
        Assert.Equal([new Redispatch(DepartureStyle.Vanished, after)], Of(journey, departure, ended));
    }

    [Fact]
    public void A_request_with_another_attempt_out_needs_no_new_one()
    {
        var (journey, call) = Begin();
        journey.Hedged = true;
        Send(call);
        Send(call);
        var departure = Leave(DepartureStyle.Now);
        journey.Report(new AttemptReported(AttemptId.Of(new RequestId(1), 1), Stream, AttemptOutcome.HandedBack, "", default));
        Assert.Empty(Of(journey, departure));
    }

    [Fact]
    public void What_came_back_for_another_reason_does_not_count()
    {
        var departure = Leave(DepartureStyle.Now);
        var (journey, call) = Begin();
        Send(call);
        journey.Report(new AttemptReported(AttemptId.Of(new RequestId(1), 1), Stream, AttemptOutcome.Busy, "", default));
        Send(call);
        Assert.Empty(Of(journey, departure, new StreamEnded(Stream, Car, journey.Sent[1])));
    }

    private static IReadOnlyList<Redispatch> Of(Journey journey, Departure departure, params StreamEnded[] ended) =>
        new Redispatches([departure], ended, _ => Car).Of([journey]);

    private static (Journey Journey, InferenceCall Call) Begin()
    {
        var journey = new Journey();
        var call = journey.Follow(Call);
        Assert.Empty(journey.Sent);
        return (journey, call);
    }

    /// <summary>As a work stream does.</summary>
    private static void Send(InferenceCall call)
    {
        foreach (var tensor in call.Inputs)
            Assert.NotNull(tensor);
    }

    private static Departure Leave(DepartureStyle style)
    {
        var departure = new Departure(Car, style);
        departure.Begin(serving: true, met: 1);
        return departure;
    }
}
