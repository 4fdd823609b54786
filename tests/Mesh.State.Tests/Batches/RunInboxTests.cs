using Mesh.Messages.Work;
using Mesh.Seed.Batches.Running;

namespace Mesh.State.Tests.Batches;

public sealed class RunInboxTests
{
    private readonly RunInbox _inbox = new();

    [Fact]
    public void Control_finds_a_place_however_many_results_wait()
    {
        for (var i = 0; i < 100_000; i++)
            Assert.True(_inbox.TryAdd(Arrival(0), new ResultAllowance()));
        _inbox.Add("cancel");
        Assert.Equal(100_001, Taken().Count);
    }

    [Fact]
    public void What_waits_of_one_stream_is_bounded_by_bytes_and_others_do_not_suffer()
    {
        var (flooding, sound) = (new ResultAllowance(), new ResultAllowance());
        var waiting = 0;
        while (_inbox.TryAdd(Arrival(16 << 20), flooding))
            waiting++;
        Assert.Equal(ResultAllowance.MaxBytes / (16 << 20) - 1, waiting); // Each is a little more than its output.
        Assert.True(_inbox.TryAdd(Arrival(16 << 20), sound));
        foreach (var taken in Taken().OfType<UnitArrival>().Take(1))
            flooding.Return(taken.Bytes);
        Assert.True(_inbox.TryAdd(Arrival(16 << 20), flooding));
    }

    private List<object> Taken()
    {
        var taken = new List<object>();
        while (_inbox.Reader.TryRead(out var item))
            taken.Add(item);
        return taken;
    }

    private static UnitArrival Arrival(int bytes) => new(null!, null!, new UnitResults
    {
        Unit = 1,
        Results = { new UnitLineResult { Outputs = { new TensorData { Data = Google.Protobuf.ByteString.CopyFrom(new byte[bytes]) } } } },
    });
}
