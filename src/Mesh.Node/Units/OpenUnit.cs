using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;

namespace Mesh.Node.Units;

/// <summary>A work unit that this vehicle holds, from its first message to its last result. Guarded by the lock of <see cref="UnitWork"/>.</summary>
internal sealed class OpenUnit(ulong number, ulong term, ModelReference model, UnitPort origin)
{
    public ulong Number { get; } = number;

    public ulong Term { get; } = term;

    public ModelReference Model { get; } = model;

    /// <summary>The stream that its lines came over.</summary>
    public UnitPort Origin { get; } = origin;

    public LinkedList<UnitJob> Waiting { get; } = new();

    /// <summary>Lines in the engine, waiting there or running.</summary>
    public HashSet<UnitJob> Started { get; } = [];

    /// <summary>No more lines follow.</summary>
    public bool Last { get; set; }

    /// <summary>Why its lines without a result go back to the seed, as soon as none of them runs; null while they are run.</summary>
    public string? Returning { get; set; }

    /// <summary>Lines without a result are not run any more; what runs ends and its results are kept.</summary>
    public bool Dropped { get; set; }

    /// <summary>Nobody wants its results.</summary>
    public bool Cancelled { get; set; }
}

/// <summary>One line of a unit.</summary>
internal sealed class UnitJob(UnitLine line)
{
    public uint Line { get; } = line.Line;

    public IReadOnlyList<RawTensor> Inputs { get; } = line.Inputs.FromWire();

    public IReadOnlyList<int> Outputs { get; } = [.. line.Outputs.Select(output => (int)output)];

    public int Bytes { get; } = line.Inputs.Bytes();

    /// <summary>Null while it waits outside the engine.</summary>
    public InferenceJob? Job { get; set; }
}
