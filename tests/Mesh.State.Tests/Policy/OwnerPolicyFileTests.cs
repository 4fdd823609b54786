using Mesh.Node.Policy;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Limits;
using Mesh.State.Tests.Telemetry;

namespace Mesh.State.Tests.Policy;

public sealed class OwnerPolicyFileTests : IDisposable
{
    private const string Usable = """
        mesh.policy {
          version = 1
          consent.batch = true
          computer.threads = 3
        }
        """;

    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(2);

    private readonly TemporaryFolder _folder = new();
    private readonly DrivenClock _clock = new();
    private readonly RecordedLog<OwnerPolicyFile> _log = new();

    private string PolicyPath => Path.Join(_folder.Path, "policy.conf");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_change_is_read_when_the_file_system_tells_of_it()
    {
        File.WriteAllText(PolicyPath, Usable);
        using var policies = new OwnerPolicyFile(PolicyPath, _clock, _log);
        Assert.Equal(WorkKinds.Batch, policies.Current.Consent.Kinds);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        policies.Changed += () => changed.TrySetResult();
        Replace(Usable.Replace("batch", "interactive", StringComparison.Ordinal));
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(WorkKinds.Interactive, policies.Current.Consent.Kinds);
    }

    [Fact]
    public void An_unusable_file_permits_nothing_and_leaves_the_computer_as_it_was()
    {
        File.WriteAllText(PolicyPath, Usable);
        using var policies = Unwatched();
        var changes = 0;
        policies.Changed += () => changes++;
        Replace(Usable + "}");
        _clock.Advance(Recheck);
        Assert.Equal(1, changes);
        Assert.Equal(new OwnerPolicy().Consent.Kinds, policies.Current.Consent.Kinds);
        Assert.Equal(3, policies.Current.Computer.Threads);
        Assert.Contains("cannot be used", _log.Lines[^1], StringComparison.Ordinal);

        _clock.Advance(Recheck);
        Assert.Equal(1, changes);
    }

    [Fact]
    public void A_deleted_file_permits_nothing_until_it_is_back()
    {
        File.WriteAllText(PolicyPath, Usable);
        using var policies = Unwatched();
        File.Delete(PolicyPath);
        _clock.Advance(Recheck);
        Assert.Equal(WorkKinds.None, policies.Current.Consent.Kinds);
        Assert.Equal(3, policies.Current.Computer.Threads);

        Replace(Usable);
        _clock.Advance(Recheck);
        Assert.Equal(WorkKinds.Batch, policies.Current.Consent.Kinds);
    }

    [Fact]
    public void Where_nothing_can_be_watched_it_says_so_once_and_looks_again_by_itself()
    {
        File.WriteAllText(PolicyPath, Usable);
        using var policies = new OwnerPolicyFile(PolicyPath, _clock, _log, (_, _) => throw new IOException("No instances are left."));
        Replace(Usable.Replace("batch", "interactive", StringComparison.Ordinal));
        _clock.Advance(Recheck);
        _clock.Advance(Recheck);
        Assert.Equal(WorkKinds.Interactive, policies.Current.Consent.Kinds);
        Assert.Contains("No instances are left.", Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    /// <summary>Read by the clock alone: at the latest in Advance.</summary>
    private OwnerPolicyFile Unwatched() => new(PolicyPath, _clock, _log, (_, _) => new MemoryStream());

    /// <summary>In one step, as editors do.</summary>
    private void Replace(string text)
    {
        File.WriteAllText(PolicyPath + ".new", text);
        File.Move(PolicyPath + ".new", PolicyPath, overwrite: true);
    }
}
