using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.Seed.Routing;

// Files and batches. The JobRouter journals them.
public sealed partial class RouterState
{
    private readonly BatchBook _book = new();
    private readonly BatchDesk _desk;

    /// <summary>What is recorded of files, batches and their units.</summary>
    public BatchBook Batches => _book;

    /// <summary>How this term drives them on.</summary>
    public BatchDesk Desk => _desk;

    public CallDecision Decide(IBatchCall call, DateTimeOffset wall) => _book.Decide(call, wall, _settings.Batches);

    /// <param name="now">On the process's monotonic clock.</param>
    /// <param name="wall">What clients know as the time.</param>
    public DeskDecision Decide(IDeskCommand command, TimeSpan now, DateTimeOffset wall) => _desk.Decide(command, now, wall);

    public void Apply(IDeskEvent noted) => _desk.Apply(noted);

    private void Apply(IBatchEvent journaled)
    {
        _book.Apply(journaled, Term);
        _desk.Apply(journaled);
    }
}
