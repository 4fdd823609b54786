using System.Threading.Channels;
using Grpc.Core;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Seed.WorkStreams;

namespace Mesh.State.Tests.WorkStreams;

/// <summary>What a seed's end of a stream puts into which frame.</summary>
public sealed class WorkStreamFramesTests : IDisposable
{
    private static readonly ModelReference Model = new("m", "1", new ArtifactHash(new string('a', 64)), 1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Writer _writer = new();
    private readonly WorkStreamConnection _stream;
    private bool _aborted;

    public WorkStreamFramesTests()
    {
        var session = new StreamSession(new VehicleId("V-1"), new SessionEpoch(1), new NodeAddress("akka.tcp://mesh@car:1", 1), default, "");
        _stream = new WorkStreamConnection(1, session, () => _aborted = true);
    }

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }

    [Fact]
    public async Task Interactive_requests_go_before_unit_lines_that_were_queued_earlier()
    {
        Assert.True(_stream.TrySendUnitLines(7, 3, Model, Lines(0, 10, bytes: 50_000), last: true));
        Assert.True(_stream.TrySend(Request(1)));
        var frames = await WriteUntilLastAsync();
        Assert.Equal([1UL], frames[0].Requests.Select(request => request.Attempt));
        Assert.Equal([3, 3, 3, 1], frames.Select(frame => frame.UnitLines.Single().Lines.Count)); // at most 128 kB and a line
        Assert.Equal(Enumerable.Range(0, 10).Select(line => (uint)line), frames.SelectMany(frame => frame.UnitLines.Single().Lines).Select(line => line.Line));
        Assert.Equal([false, false, false, true], frames.Select(frame => frame.UnitLines.Single().Last));
        Assert.All(frames, frame => Assert.Equal((7UL, 3UL, 1U), (frame.UnitLines[0].Unit, frame.UnitLines[0].Term, frame.UnitLines[0].Model)));
        Assert.Single(frames.SelectMany(frame => frame.Models));
    }

    [Fact]
    public async Task A_cancel_takes_back_what_was_not_sent_and_terms_and_acks_go_ahead()
    {
        Assert.True(_stream.TrySendUnitLines(7, 3, Model, Lines(0, 10, bytes: 50_000), last: true));
        Assert.True(_stream.TrySendUnitLines(8, 3, Model, [], last: true));
        Assert.True(_stream.TryCancelUnit(7));
        Assert.True(_stream.TryAckUnit(5, [1, 2]));
        Assert.True(_stream.TryAnnounceTerm(3));
        var frame = Assert.Single(await WriteUntilLastAsync());
        Assert.Equal((3UL, 7UL, 8UL), (frame.Term, frame.UnitCancels.Single(), frame.UnitLines.Single().Unit));
        Assert.Equal([1U, 2U], frame.UnitAcks.Single().Lines);
    }

    [Fact]
    public void A_window_of_lines_waits_at_most_and_the_stream_lives_on()
    {
        Assert.True(_stream.TrySendUnitLines(7, 3, Model, Lines(0, 1, bytes: WorkProtocol.UnitWindowBytes + 1), last: false));
        Assert.False(_stream.TrySendUnitLines(7, 3, Model, Lines(1, 1, bytes: 1), last: false));
        _stream.TryCancelUnit(7);
        Assert.True(_stream.TrySendUnitLines(8, 3, Model, Lines(0, WorkProtocol.UnitWindowLines, bytes: 1), last: false));
        Assert.False(_stream.TrySendUnitLines(8, 3, Model, Lines(0, 1, bytes: 1), last: true));
        Assert.True(_stream.TrySendUnitLines(8, 3, Model, [], last: true)); // the end of a unit that fills the window
        Assert.False(_aborted);
        _stream.Abort();
        Assert.False(_stream.TrySendUnitLines(9, 3, Model, [], last: true));
    }

    [Fact]
    public async Task Models_that_share_an_artifact_are_announced_each()
    {
        foreach (var model in (ModelReference[])[Model, Model with { Name = "other" }, Model with { Publisher = "acme" }, Model])
            _stream.TrySend(Request(1) with { Model = model });
        _stream.TrySendUnitLines(8, 3, Model, [], last: true);
        var frame = Assert.Single(await WriteUntilLastAsync());
        Assert.Equal([(Model.Name, ""), ("other", ""), (Model.Name, "acme")], frame.Models.Select(model => (model.Name, model.Publisher)));
        Assert.Equal([1U, 2, 3, 1], frame.Requests.Select(request => request.Model));
    }

    [Fact]
    public async Task A_model_is_announced_with_its_batching_and_again_when_that_changed()
    {
        var joined = Model with { Batching = new RunSharing(16, TimeSpan.FromMicroseconds(250)) };
        foreach (var model in (ModelReference[])[Model, Model, joined, joined])
            _stream.TrySend(Request(1) with { Model = model });
        _stream.TrySendUnitLines(8, 3, joined, [], last: true);
        var frame = Assert.Single(await WriteUntilLastAsync());
        Assert.Equal([null, new Batching { MaxBatchSize = 16, MaxQueueDelayUs = 250 }], frame.Models.Select(model => model.Batching));
        Assert.Equal([1U, 1, 2, 2], frame.Requests.Select(request => request.Model));
        Assert.Equal(2U, Assert.Single(frame.UnitLines).Model);
    }

    private static OutgoingRequest Request(ulong attempt) => new(attempt, Model, TimeSpan.FromSeconds(1), 0, [new RawTensor([1], new byte[1])], []);

    private static OutgoingUnitLine[] Lines(int first, int count, int bytes) =>
        [.. Enumerable.Range(first, count).Select(line => new OutgoingUnitLine(line, [new RawTensor([bytes], new byte[bytes])], []))];

    /// <summary>The frames up to the one with the last message of a unit.</summary>
    private async Task<List<SeedFrame>> WriteUntilLastAsync()
    {
        _ = _stream.WriteAsync(_writer, _ending.Token);
        var frames = new List<SeedFrame>();
        do
            frames.Add(await _writer.Frames.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        while (!frames[^1].UnitLines.Any(lines => lines.Last));
        return frames;
    }

    private sealed class Writer : IServerStreamWriter<SeedFrame>
    {
        public Channel<SeedFrame> Frames { get; } = Channel.CreateUnbounded<SeedFrame>();

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(SeedFrame message, CancellationToken cancellationToken) => WriteAsync(message);

        public Task WriteAsync(SeedFrame message) => Frames.Writer.WriteAsync(message).AsTask();
    }
}
