using Mesh.Node.Sessions;

namespace Mesh.State.Tests.Sessions;

public sealed class EpochStoreTests : IDisposable
{
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("mesh-epochs-").FullName, "not-there-yet");
    private readonly WallClock _clock = new() { Now = DateTimeOffset.UnixEpoch.AddMilliseconds(5000) };

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Fact]
    public void Epochs_grow_within_a_millisecond_and_across_restarts()
    {
        var store = new EpochStore(_folder, _clock);
        Assert.Equal([5000UL, 5001, 5002], Enumerable.Range(0, 3).Select(_ => store.Next().Value));
        Assert.Equal(5003UL, new EpochStore(_folder, _clock).Next().Value);
        _clock.Now = _clock.Now.AddDays(1);
        Assert.Equal((ulong)_clock.Now.ToUnixTimeMilliseconds(), store.Next().Value);
    }

    [Fact]
    public void A_clock_set_back_lowers_nothing()
    {
        var before = new EpochStore(_folder, _clock).Next();
        _clock.Now = DateTimeOffset.UnixEpoch;
        Assert.Equal(before.Value + 1, new EpochStore(_folder, _clock).Next().Value);
    }

    [Fact]
    public void A_wiped_disk_is_made_up_for_by_the_clock()
    {
        var before = new EpochStore(_folder, _clock).Next();
        Directory.Delete(_folder, recursive: true);
        _clock.Now = _clock.Now.AddMilliseconds(1);
        Assert.True(new EpochStore(_folder, _clock).Next() > before);
    }

    [Theory]
    [InlineData("")]
    [InlineData("half a numb")]
    [InlineData("-3")]
    public void A_damaged_file_counts_as_wiped(string content)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Path.Combine(_folder, "session-epoch"), content);
        Assert.Equal(5000UL, new EpochStore(_folder, _clock).Next().Value);
        Assert.Equal("5000", File.ReadAllText(Path.Combine(_folder, "session-epoch")));
    }

    [Fact]
    public void A_draft_left_by_a_crash_changes_nothing()
    {
        new EpochStore(_folder, _clock).Next();
        File.WriteAllText(Path.Combine(_folder, "session-epoch.new"), "9999999");
        Assert.Equal(5001UL, new EpochStore(_folder, _clock).Next().Value);
    }

    private sealed class WallClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
