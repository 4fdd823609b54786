using Akka.Actor;

namespace Mesh.Hosting.Operations;

/// <summary>This process as a member of its region's cluster: a seed all its life, a vehicle one session after the other.</summary>
public interface IClusterMember
{
    /// <summary>Null while it is in no cluster.</summary>
    ActorSystem? System { get; }

    /// <summary>Why it is in none, for people.</summary>
    string Absence { get; }
}
