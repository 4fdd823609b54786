namespace Mesh.Seed;

/// <summary>A setting that is either.</summary>
public enum OnOff
{
    Off,
    On,
}
