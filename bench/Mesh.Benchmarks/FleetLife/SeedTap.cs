using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Mesh.Messages;
using Mesh.Seed.Membership;
using Mesh.Seed.Routing;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>A stream's end as the seed noticed it. <paramref name="At"/> is <see cref="Stopwatch"/>'s.</summary>
internal sealed record StreamEnded(StreamId Stream, VehicleId Vehicle, long At);

/// <summary>Hears all that a seed's Dispatcher is told by its request table and its streams, just before the Dispatcher does.</summary>
internal sealed class SeedTap
{
    private readonly ConcurrentDictionary<ulong, Journey> _expected = new();
    private readonly ConcurrentDictionary<RequestId, Journey> _journeys = new();
    private readonly ConcurrentDictionary<StreamId, VehicleId> _streams = new();
    private readonly ConcurrentQueue<StreamEnded> _ended = new();

    /// <summary>A car has its work stream: it can be sent work. Must not block.</summary>
    public event Action<VehicleId>? Opened;

    public IReadOnlyList<StreamEnded> Ended => [.. _ended];

    public IReadOnlyCollection<Journey> Journeys => [.. _journeys.Values];

    public VehicleId VehicleOf(StreamId stream) => _streams[stream];

    /// <param name="seed">Its Dispatcher has attached itself already.</param>
    public static async Task<SeedTap> AttachAsync(SeedNode seed, RequestTable table, DispatcherFeed feed, TimeSpan limit)
    {
        var tap = new SeedTap();
        var dispatcher = await seed.System.ActorSelection("/user/dispatcher").ResolveOne(limit);
        table.Attach(command =>
        {
            tap.Hear(command);
            dispatcher.Tell(command, ActorRefs.NoSender);
        });
        feed.Attach(command =>
        {
            tap.Hear(command);
            dispatcher.Tell(command, ActorRefs.NoSender);
        });
        return tap;
    }

    /// <param name="client">Marks the request that is submitted next under this number; each is used once.</param>
    public void Expect(ulong client, Journey journey) => _expected[client] = journey;

    private void Hear(object command)
    {
        switch (command)
        {
            case SubmitRequest submit when _expected.TryRemove(submit.Client, out var journey):
                _journeys[submit.Request] = journey;
                break;
            case AttemptReported report when _journeys.TryGetValue(report.Attempt.Request, out var journey):
                journey.Report(report);
                break;
            case StreamOpened opened:
                _streams[opened.Stream] = opened.Vehicle;
                Opened?.Invoke(opened.Vehicle);
                break;
            case StreamGone gone when _streams.TryGetValue(gone.Stream, out var vehicle):
                _ended.Enqueue(new StreamEnded(gone.Stream, vehicle, Stopwatch.GetTimestamp()));
                break;
        }
    }
}
