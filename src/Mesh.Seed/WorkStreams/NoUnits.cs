using Mesh.Messages.Work;

namespace Mesh.Seed.WorkStreams;

/// <summary>For servers of work streams that send no units, such as the benchmark of the streams alone.</summary>
internal sealed class NoUnits : IUnitListener
{
    public void UnitResultsArrived(WorkStreamConnection stream, UnitResults results)
    {
    }

    public void UnitNoticed(WorkStreamConnection stream, UnitNotice notice)
    {
    }
}
