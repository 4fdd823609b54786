using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Messages.Serialization;
using Mesh.State.Tests.Hosting;

namespace Mesh.State.Tests.Messages;

/// <summary>Through the serialization of a real member's ActorSystem, so that its bindings count too.</summary>
public sealed class MeshSerializerTests(SeedSystem seed) : IClassFixture<SeedSystem>
{
    private const string Snapshot = "WireSnapshot.txt";

    private static readonly Type[] MessageTypes =
    [
        .. typeof(IMeshMessage).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IMeshMessage)))
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    private readonly Serialization _serialization = seed.System.Serialization;

    public static TheoryData<string> TypeNames => [.. MessageTypes.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(TypeNames))]
    public void Every_message_survives_the_wire(string typeName)
    {
        var type = TypeOf(typeName);
        for (var seed = MessageBuilder.SampleSeed; seed < 200; seed++)
        {
            var message = MessageBuilder.Build(type, seed);
            var (bytes, manifest) = Write(message);
            Assert.Equal(MessageBuilder.Describe(message), MessageBuilder.Describe(Read(bytes, manifest)));
        }
    }

    [Fact]
    public void Every_message_type_has_a_manifest_of_its_own()
    {
        Assert.Equal(MessageTypes.ToHashSet(), MeshSerializer.Manifests.Keys.ToHashSet());
        Assert.Equal(MessageTypes.Length, MeshSerializer.Manifests.Values.Distinct().Count());
    }

    [Fact]
    public void The_wire_form_is_the_pinned_one() =>
        CommittedSnapshot.AssertEqual(
            Snapshot,
            [.. MessageTypes.Select(type =>
            {
                var (bytes, manifest) = Write(MessageBuilder.Build(type, MessageBuilder.SampleSeed));
                return $"{type.Name} {manifest} {Convert.ToHexStringLower(bytes)}";
            })]);

    /// <summary>An old journal must stay readable: what was pinned decodes to the same message.</summary>
    [Fact]
    public void Pinned_bytes_still_read_as_what_they_were()
    {
        var pinned = CommittedSnapshot.Read(Snapshot).Select(line => line.Split(' ')).ToList();
        Assert.NotEmpty(pinned);
        foreach (var line in pinned)
        {
            var sample = MessageBuilder.Build(TypeOf(line[0]), MessageBuilder.SampleSeed);
            Assert.Equal(MessageBuilder.Describe(sample), MessageBuilder.Describe(Read(Convert.FromHexString(line[2]), line[1])));
        }
    }

    [Property(MaxTest = 300)]
    public void Any_bytes_are_read_or_refused_with_one_kind_of_error(byte[] bytes)
    {
        foreach (var manifest in MeshSerializer.Manifests.Values)
            AssertReadOrRefused(bytes, manifest);
    }

    /// <summary>Closer to the truth than random bytes: a right message with a byte changed and its end cut off.</summary>
    [Property(MaxTest = 100)]
    public Property A_damaged_message_is_read_or_refused_with_one_kind_of_error() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            foreach (var (type, manifest) in MeshSerializer.Manifests)
            {
                var bytes = Write(MessageBuilder.Build(type, seed)).Bytes;
                if (bytes.Length == 0)
                    continue;
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                AssertReadOrRefused(bytes[..random.Next(bytes.Length + 1)], manifest);
            }
        });

    [Fact]
    public void Truncated_bytes_are_refused_with_the_type_and_the_reason()
    {
        var (bytes, manifest) = Write(MessageBuilder.Build(typeof(FleetReport), MessageBuilder.SampleSeed));
        var refusal = Assert.Throws<SerializationException>(() => Read(bytes[..^1], manifest));
        Assert.StartsWith($"These {bytes.Length - 1} bytes are no FleetReport (manifest 'fr'): ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_that_breaks_a_rule_of_its_ids_is_refused()
    {
        var noVehicle = Assert.Throws<SerializationException>(() => Read([], "vd"));
        Assert.Contains("'' is not a vehicle id", noVehicle.Message, StringComparison.Ordinal);
        var noModel = Assert.Throws<SerializationException>(() => Read(Write(new VehicleDone(new VehicleId("V-1"))).Bytes, "lm"));
        Assert.Contains("the part 'Model' is missing", noModel.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_manifest_is_refused()
    {
        var refusal = Assert.Throws<SerializationException>(() => Read([], "from-the-future"));
        Assert.Equal("Manifest 'from-the-future' is none of the mesh's messages: a newer node, or a stranger.", refusal.Message);
    }

    [Fact]
    public void A_type_outside_the_protocol_is_not_sent()
    {
        var stranger = new Stranger(1);
        Assert.ThrowsAny<SerializationException>(() => _serialization.FindSerializerFor(stranger).ToBinary(stranger));
        var unlisted = new UnlistedMessage();
        var refusal = Assert.Throws<SerializationException>(() => _serialization.FindSerializerFor(unlisted).ToBinary(unlisted));
        Assert.Contains("has no wire form: add it to control.proto and to MeshSerializer", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Polymorphic_json_from_a_peer_is_refused()
    {
        // Identifier 1 is Akka's JSON serializer, which would create whatever type the bytes name.
        var json = """{"$id":"1","$type":"System.IO.FileInfo, System.Private.CoreLib","fileName":"x"}"""u8.ToArray();
        var refusal = Assert.ThrowsAny<SerializationException>(() => _serialization.Deserialize(json, 1, "System.Object"));
        Assert.Contains("polymorphic JSON", refusal.Message, StringComparison.Ordinal);
    }

    private static Type TypeOf(string name) => MessageTypes.Single(type => type.Name == name);

    private void AssertReadOrRefused(byte[] bytes, string manifest)
    {
        try
        {
            Read(bytes, manifest);
        }
        catch (SerializationException)
        {
            // Refused as promised; anything else fails the test.
        }
    }

    private (byte[] Bytes, string Manifest) Write(object message)
    {
        var serializer = _serialization.FindSerializerFor(message);
        Assert.Equal(MeshSerializer.Id, serializer.Identifier);
        return (serializer.ToBinary(message), Serialization.ManifestFor(serializer, message));
    }

    private object Read(byte[] bytes, string manifest) => _serialization.Deserialize(bytes, MeshSerializer.Id, manifest);

    private sealed record Stranger(int Value);

    private sealed record UnlistedMessage : IMeshMessage;
}
