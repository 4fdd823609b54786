namespace Mesh.Node.Limits;

/// <summary>A control group of this process's own, below one that was offered.</summary>
internal interface IControllerGroup
{
    string Folder { get; }

    IReadOnlyList<string> Controllers { get; }

    /// <summary>Makes the group and moves the process in. After a refusal all is as before.</summary>
    /// <returns>Why not; null = done.</returns>
    string? Enter();

    /// <returns>What the kernel refused.</returns>
    IEnumerable<string> Set(CgroupLimits limits);

    /// <summary>Moves the process back and removes the group, as far as the kernel lets it.</summary>
    void Leave();
}
