using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace Mesh.Messages.Serialization;

/// <summary>
/// Stands where Akka has its polymorphic JSON serializer (identifier 1), and refuses both ways. That serializer creates
/// whatever type the sender names, so one message from a hostile peer could run code here; strict serialization alone
/// only stops our own side from sending with it.
/// </summary>
public sealed class RejectingJsonSerializer : Serializer
{
    // Akka creates a serializer that has settings with these two arguments.
    public RejectingJsonSerializer(ExtendedActorSystem system, Config config) : base(system) => _ = config;

    public override int Identifier => 1;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) =>
        throw new SerializationException($"{obj.GetType()} has no registered serializer and will not be sent as polymorphic JSON.");

    public override object FromBinary(byte[] bytes, Type type) =>
        throw new SerializationException($"Refused a message of {bytes.Length} bytes in polymorphic JSON: no peer of this mesh sends it.");
}
