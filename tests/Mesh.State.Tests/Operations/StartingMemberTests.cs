using Akka.Actor;
using Mesh.Hosting.Operations;
using Mesh.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>The port serves while the member starts, and after it has ended.</summary>
public sealed class StartingMemberTests : IAsyncLifetime
{
    private readonly Member _member = new();

    private ActorSystem? _system;

    public Task InitializeAsync()
    {
        _system = ActorSystem.Create("mesh", """
            akka {
              actor.provider = cluster
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
              loglevel = OFF
              stdout-loglevel = OFF
            }
            """);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _system!.Terminate();

    [Theory]
    [InlineData("regions")]
    [InlineData("shards")]
    [InlineData("entity")]
    public async Task Its_sharding_is_there_only_while_it_runs(string command)
    {
        Assert.Equal("this process is in no cluster now: the test has not begun", await FailureAsync(command));
        _member.System = _system;
        Assert.Equal("the sharding of this process has not started: try again in a moment", await FailureAsync(command));
        await _system!.Terminate();
        Assert.Equal("this process is in no cluster now: its member has ended", await FailureAsync(command));
    }

    private async Task<string> FailureAsync(string command) => (await Assert.ThrowsAsync<CommandFailedException>(async () =>
    {
        var call = new CommandCall(command, new Dictionary<string, string> { ["id"] = "V-1" }, "test");
        await foreach (var _ in new ShardingHandler(_member).RunAsync(call, CancellationToken.None))
            Assert.Fail("an answer");
    })).Message;

    private sealed class Member : IClusterMember
    {
        public ActorSystem? System { get; set; }

        public string Absence => "the test has not begun";
    }
}
