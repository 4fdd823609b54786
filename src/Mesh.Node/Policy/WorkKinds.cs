namespace Mesh.Node.Policy;

/// <summary>Kinds of work that an owner consents to separately.</summary>
[Flags]
public enum WorkKinds
{
    None = 0,
    Interactive = 1,
    Batch = 2,
    All = Interactive | Batch,
}
