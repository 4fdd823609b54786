namespace Mesh.Node.Telemetry;

/// <summary>How the paths of one signal are told together, where a vehicle has more than one of them.</summary>
public enum SignalInstances
{
    /// <summary>Names of one thing in different versions of VSS: the first that is known.</summary>
    First,

    /// <summary>One that permits is enough: a cable in any charging port.</summary>
    Some,

    /// <summary>Each must permit, and one that has carried a value must go on carrying one: every door, every control unit.</summary>
    Every,
}
