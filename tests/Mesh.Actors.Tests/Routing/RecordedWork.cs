using System.Collections.Concurrent;
using Mesh.Seed.Batches;

namespace Mesh.Actors.Tests.Routing;

/// <summary>Carries out nothing, and keeps what it was to carry out.</summary>
internal sealed class RecordedWork : IBatchWork
{
    public ConcurrentQueue<IDeskEffect> Effects { get; } = [];

    public Action<IDeskCommand>? Tell { get; private set; }

    public bool InOffice { get; private set; }

    public void TakeOffice(long term, ulong lastUnit, Action<IDeskCommand> tell) => (Tell, InOffice) = (tell, true);

    public void Carry(IDeskEffect effect) => Effects.Enqueue(effect);

    public void Changed(BatchBook book)
    {
    }

    public void LeaveOffice() => InOffice = false;
}
