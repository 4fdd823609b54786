using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>
/// Who hears of batches' work units on the streams of this seed. Called on the streams' own threads, in the order of each
/// stream's frames; must not block.
/// </summary>
public interface IUnitListener
{
    /// <summary>Before anything else of that stream.</summary>
    void StreamOpened(WorkStreamConnection stream)
    {
    }

    /// <summary><see cref="WorkStreamConnection.LastStatus"/> is a new one.</summary>
    void StatusChanged(WorkStreamConnection stream)
    {
    }

    void UnitResultsArrived(WorkStreamConnection stream, UnitResults results);

    void UnitNoticed(WorkStreamConnection stream, UnitNotice notice);

    /// <summary>The last word of a stream that was <see cref="StreamOpened"/>: lines without a result will not be run.</summary>
    void StreamClosed(WorkStreamConnection stream)
    {
    }
}
