using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>
/// Who hears of batches' work units on the streams of this seed. Called on the streams' own threads, in the order of each
/// stream's frames; must not block.
/// </summary>
public interface IUnitListener
{
    void UnitResultsArrived(WorkStreamConnection stream, UnitResults results);

    void UnitNoticed(WorkStreamConnection stream, UnitNotice notice);
}
