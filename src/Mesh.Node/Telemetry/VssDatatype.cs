namespace Mesh.Node.Telemetry;

/// <summary>The datatypes of VSS that the signals in <see cref="VssCatalogue"/> have.</summary>
public enum VssDatatype
{
    Boolean,
    UInt8,
    UInt32,
    Float,
    Double,

    /// <summary>A string, one of a fixed set where the signal names it.</summary>
    Text,

    /// <summary>A string in ISO 8601, UTC.</summary>
    Time,
}
