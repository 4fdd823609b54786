namespace Mesh.Seed.Batches;

/// <summary>Who carries out what the JobRouter decides about batches, on its seed. Called by the JobRouter alone; must not block.</summary>
public interface IBatchWork
{
    /// <summary>A term begins here.</summary>
    /// <param name="lastUnit">Numbers up to it have been given to units.</param>
    /// <param name="tell">To the JobRouter.</param>
    void TakeOffice(long term, ulong lastUnit, Action<IDeskCommand> tell);

    void Carry(IDeskEffect effect);

    /// <summary>For the metrics.</summary>
    void Changed(BatchBook book);

    /// <summary>The JobRouter stops, for whatever reason: everything of its term ends here, and vehicles keep what they have.</summary>
    void LeaveOffice();
}
