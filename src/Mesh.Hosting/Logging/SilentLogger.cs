using Akka.Event;

namespace Mesh.Hosting.Logging;

/// <summary>In place of Akka's own writing to standard output, before and after the ActorSystem has <see cref="AkkaLogger"/>: says nothing.</summary>
public sealed class SilentLogger : MinimalLogger
{
    protected override void Log(object message)
    {
        // What matters is logged while the system lives, and how it ended is its process's to say.
    }
}
