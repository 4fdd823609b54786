using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Google.Protobuf;
using Mesh.Messages.Work;
using Mesh.Node.Units;

namespace Mesh.State.Tests.Units;

public sealed class UnitResultStoreTests
{
    [Fact]
    public void The_first_result_of_a_line_stays()
    {
        var store = new UnitResultStore(10, 10_000, TimeSpan.MaxValue);
        var (first, second) = (Result(3, 4), Result(3, 8));
        Assert.True(store.TryAdd(1, first, TimeSpan.Zero));
        Assert.False(store.TryAdd(1, second, TimeSpan.Zero));
        Assert.Same(first, store.Find(new UnitLineKey(1, 3)));
        Assert.Null(store.Find(new UnitLineKey(2, 3)));
        Assert.True(store.Remove(new UnitLineKey(1, 3)));
        Assert.False(store.Remove(new UnitLineKey(1, 3)));
        Assert.Equal((0, 0L), (store.Lines, store.Bytes));
    }

    [Fact]
    public void Lines_under_way_count_for_the_room()
    {
        var store = new UnitResultStore(3, 1_000, TimeSpan.MaxValue);
        Assert.True(store.HasRoom(2));
        Assert.False(store.HasRoom(3));
        store.TryAdd(1, Result(0, 10), TimeSpan.Zero);
        Assert.True(store.HasRoom(1));
        Assert.False(store.HasRoom(2));
        store.TryAdd(1, Result(1, 2_000), TimeSpan.Zero);
        Assert.False(store.HasRoom(0));
        store.Remove(new UnitLineKey(1, 1));
        Assert.True(store.HasRoom(0));
    }

    /// <summary>Against a plain list.</summary>
    [Property(MaxTest = 200)]
    public Property Any_sequence_of_operations_agrees_with_a_plain_list() =>
        Prop.ForAll(Gen.Choose(0, 1_000_000).ArrayOf().ToArbitrary(), operations =>
        {
            var store = new UnitResultStore(int.MaxValue, long.MaxValue, TimeSpan.FromSeconds(20));
            var list = new List<(UnitLineKey Key, TimeSpan At, int Bytes)>();
            var now = TimeSpan.Zero;
            foreach (var seed in operations)
            {
                var key = new UnitLineKey((ulong)(seed / 10 % 3), (uint)(seed / 30 % 5));
                switch (seed % 10)
                {
                    case < 5:
                        var isNew = list.All(kept => kept.Key != key);
                        Assert.Equal(isNew, store.TryAdd(key.Unit, Result(key.Line, seed / 150 % 50), now));
                        if (isNew)
                            list.Add((key, now, seed / 150 % 50));
                        break;
                    case < 8:
                        Assert.Equal(list.RemoveAll(kept => kept.Key == key) > 0, store.Remove(key));
                        break;
                    case 8:
                        store.RemoveUnit(key.Unit);
                        list.RemoveAll(kept => kept.Key.Unit == key.Unit);
                        break;
                    default:
                        now += TimeSpan.FromSeconds(seed / 10 % 15);
                        Assert.Equal(list.RemoveAll(kept => now - kept.At > TimeSpan.FromSeconds(20)), store.RemoveOld(now));
                        break;
                }

                Assert.Equal(list.Select(kept => kept.Key), store.Keys);
                Assert.Equal(list.Sum(kept => kept.Bytes + 128L), store.Bytes);
            }
        });

    private static UnitLineResult Result(uint line, int bytes) => new()
    {
        Line = line,
        Status = AttemptStatus.AttemptOk,
        Outputs = { new TensorData { Data = ByteString.CopyFrom(new byte[bytes]) } },
    };
}
