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
        var (style, after) = Assert.Single(Redispatches.Of([journey], [departure], [], _ => Car));
        Assert.Equal(DepartureStyle.Now, style);
        Assert.Equal(Stopwatch.GetElapsedTime(departure.At, journey.Sent[1]), after);
    }

    [Fact]
    public void What_was_lost_with_its_stream_counts_from_its_departure()
    {
        var (journey, call) = Begin();
        Send(call);
        var departure = Leave(DepartureStyle.Vanished);
        var ended = new StreamEnded(Stream, Car, Stopwatch.GetTimestamp());
        Send(call);
        Assert.Equal(DepartureStyle.Vanished, Assert.Single(Redispatches.Of([journey], [departure], [ended], _ => Car)).Style);
    }

    [Fact]
    public void Other_second_attempts_do_not_count()
    {
        var departure = Leave(DepartureStyle.Now);
        var (busy, call) = Begin();
        Send(call);
        busy.Report(new AttemptReported(AttemptId.Of(new RequestId(1), 1), Stream, AttemptOutcome.Busy, "", default));
        Send(call);
        var (hedged, other) = Begin();
        hedged.Hedged = true;
        Send(other);
        var ended = new StreamEnded(Stream, Car, Stopwatch.GetTimestamp());
        Send(other);
        Assert.Empty(Redispatches.Of([busy, hedged], [departure], [ended], _ => Car));
    }

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
