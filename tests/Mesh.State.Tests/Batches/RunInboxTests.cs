using Mesh.Messages.Work;
using Mesh.Seed.Batches.Running;
using Mesh.Seed.WorkStreams;

namespace Mesh.State.Tests.Batches;

public sealed class RunInboxTests
{
    private readonly RunInbox _inbox = new();

    [Fact]
    public void Control_finds_a_place_however_many_results_wait()
    {
        for (var i = 0; i < 100_000; i++)
            Assert.True(_inbox.TryAdd(Arrival(Stream(i), 0)));
        _inbox.Add("cancel");
        Assert.Equal(100_001, Taken().Count);
    }

    [Fact]
    public void What_waits_of_one_stream_is_bounded_by_bytes_and_others_do_not_suffer()
    {
        var (flooding, sound) = (Stream(1), Stream(2));
        var waiting = 0;
        while (_inbox.TryAdd(Arrival(flooding, 16 << 20)))
            waiting++;
        Assert.Equal(ResultAllowance.MaxBytes / (16 << 20) - 1, waiting); // Each is a little more than its output.
        Assert.True(_inbox.TryAdd(Arrival(sound, 16 << 20)));
        _inbox.Taken(Taken().OfType<UnitArrival>().First(arrival => arrival.Stream == flooding));
        Assert.True(_inbox.TryAdd(Arrival(flooding, 16 << 20)));
    }

    private List<object> Taken()
    {
        var taken = new List<object>();
        while (_inbox.Reader.TryRead(out var item))
            taken.Add(item);
        return taken;
    }

    private static WorkStreamConnection Stream(long id) => new(id, null!, () => { });

    private static UnitArrival Arrival(WorkStreamConnection stream, int bytes) => new(null!, stream, new UnitResults
    {
        Unit = 1,
        Results = { new UnitLineResult { Outputs = { new TensorData { Data = Google.Protobuf.ByteString.CopyFrom(new byte[bytes]) } } } },
    });
}
