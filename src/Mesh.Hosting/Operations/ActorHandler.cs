using System.Globalization;
using Akka.Actor;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Hosting.Operations;

/// <summary>Answers <see cref="ActorPalette"/>.</summary>
public sealed class ActorHandler(IClusterMember self) : ICommandHandler, ICompletionSource
{
    public const int MaxRows = 2000;

    private const int MaxDepth = 32;

    public CommandPalette Palette => ActorPalette.Palette;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        if (!int.TryParse(call["depth"], NumberStyles.None, CultureInfo.InvariantCulture, out var depth) || depth is < 1 or > MaxDepth)
            throw new CommandFailedException($"--depth is '{call["depth"]}': needs a whole number, 1 to {MaxDepth}");
        var system = (ExtendedActorSystem)self.Running();
        return Hierarchy(Find(system, call["path"]), depth).ToAsyncEnumerable();
    }

    /// <summary>As a shell completes files: the children of the folder that the word names already.</summary>
    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation)
    {
        var folder = sought.Begun[..(sought.Begun.LastIndexOf('/') + 1)];
        var actor = Find((ExtendedActorSystem)self.Running(), folder);
        return Task.FromResult((actor as ActorRefWithCell)?.Children.Take(MaxRows).Select(child => $"{(folder.Length > 0 ? folder : "/")}{child.Path.Name}") ?? []);
    }

    private static IEnumerable<CommandOutput> Hierarchy(IInternalActorRef root, int depth)
    {
        yield return new CommandOutput.Table(["path", "class", "children", "waiting"]);
        var left = MaxRows;
        foreach (var (actor, below) in Walk(root, depth))
        {
            if (left-- == 0)
            {
                yield return new CommandOutput.Line($"there are more than {MaxRows} actors: name a path to begin at, or a smaller --depth");
                yield break;
            }

            // Some are no actors with a cell: the root of temporary ones, a promise.
            var cell = (actor as ActorRefWithCell)?.Underlying;
            yield return CommandOutput.RowOf(
                actor.Path.ToStringWithoutAddress(), cell?.Props.Type.Name, below, cell?.NumberOfMessages);
        }
    }

    /// <summary>Depth first, children by name.</summary>
    private static IEnumerable<(IInternalActorRef Actor, int Children)> Walk(IInternalActorRef actor, int depth)
    {
        var children = (actor as ActorRefWithCell)?.Children.OfType<IInternalActorRef>().OrderBy(child => child.Path.Name, StringComparer.Ordinal).ToList() ?? [];
        yield return (actor, children.Count);
        if (depth == 0)
            yield break;
        foreach (var child in children)
        {
            foreach (var below in Walk(child, depth - 1))
                yield return below;
        }
    }

    private static IInternalActorRef Find(ExtendedActorSystem system, string path)
    {
        var actor = (IInternalActorRef)system.LookupRoot;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var children = (actor as ActorRefWithCell)?.Children.ToList() ?? [];
            actor = children.Find(child => child.Path.Name == name) as IInternalActorRef
                ?? throw new CommandFailedException(
                    $"there is no actor {path}: {actor.Path.ToStringWithoutAddress()} has "
                    + (children.Count == 0 ? "no children" : string.Join(", ", children.Select(child => child.Path.Name).Order(StringComparer.Ordinal).Take(20))));
        }

        return actor;
    }
}
