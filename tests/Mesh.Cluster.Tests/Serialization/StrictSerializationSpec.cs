using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Event;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Messages.Control;

namespace Mesh.Cluster.Tests.Serialization;

/// <summary>Strict both ways: nothing leaves without a registered form, and nothing is created because a sender names its type.</summary>
public sealed class StrictSerializationSpec : IAsyncLifetime
{
    private static int _created;

    private InProcessRegion _region = null!;

    public async Task InitializeAsync() => _region = await InProcessRegion.StartAsync();

    public async Task DisposeAsync() => await _region.DisposeAsync();

    [Fact]
    public async Task Polymorphic_json_from_a_peer_is_refused_and_the_node_lives()
    {
        using var refusals = new LogProbe(_region.System, "polymorphic JSON");
        // A stock Akka system: its default serializer names the type to create, and a stock receiver would create it.
        using var attacker = InProcessRegion.Outsider();
        var before = Volatile.Read(ref _created);

        attacker.ActorSelection($"{_region.Address}/user/seed-info").Tell(new Payload { Command = "rm" });

        await refusals.Seen.WaitAsync(TimeSpan.FromSeconds(30));
        // The sender built one object itself; a second would be the receiver's.
        Assert.Equal(before + 1, Volatile.Read(ref _created));
        using var peer = InProcessRegion.Outsider("""
            akka.actor {
              serializers.mesh = "Mesh.Messages.Serialization.MeshSerializer, Mesh.Messages"
              serialization-bindings { "Mesh.Messages.Control.IMeshMessage, Mesh.Messages" = mesh }
            }

            """);
        var info = await peer.ActorSelection($"{_region.Address}/user/seed-info")
            .Ask<SeedInfo>(GetSeedInfo.Instance, TimeSpan.FromSeconds(30));
        Assert.Equal("test", info.Region.Value);
        await attacker.Terminate();
        await peer.Terminate();
    }

    [Fact]
    public void A_type_without_a_registered_form_cannot_be_sent()
    {
        var serialization = ((ExtendedActorSystem)_region.System).Serialization;

        var refusal = Assert.Throws<SerializationException>(() => serialization.FindSerializerForType(typeof(Payload)));

        Assert.Contains(nameof(Payload), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_json_serializers_number_belongs_to_the_one_that_rejects()
    {
        var serialization = ((ExtendedActorSystem)_region.System).Serialization;

        Assert.Throws<SerializationException>(() => serialization.Deserialize("{}"u8.ToArray(), 1, typeof(Payload).AssemblyQualifiedName));
    }

    /// <summary>Stands for a type whose mere creation harms.</summary>
    public sealed class Payload
    {
        public Payload() => Interlocked.Increment(ref _created);

        public string Command { get; set; } = "";
    }

    /// <summary>Completes once the system logs something with a certain text.</summary>
    private sealed class LogProbe : IDisposable
    {
        private readonly ActorSystem _system;
        private readonly IActorRef _listener;

        public LogProbe(ActorSystem system, string text)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Seen = seen.Task;
            _system = system;
            _listener = system.ActorOf(Props.Create(() => new Listener(text, seen)));
            system.EventStream.Subscribe(_listener, typeof(LogEvent));
        }

        public Task Seen { get; }

        public void Dispose() => _system.Stop(_listener);

        private sealed class Listener : ReceiveActor
        {
            public Listener(string text, TaskCompletionSource seen) => Receive<LogEvent>(log =>
            {
                if (log.ToString().Contains(text, StringComparison.Ordinal))
                    seen.TrySetResult();
            });
        }
    }
}
