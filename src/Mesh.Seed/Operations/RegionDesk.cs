using System.Collections.Immutable;
using Akka.Actor;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Operations;
using Mesh.Seed.Membership;
using Mesh.Seed.Models;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>Where commands ask: this seed's Dispatcher, the region's JobRouter wherever it is, the model repository. Each with a time limit.</summary>
public sealed class RegionDesk(SeedNode node, ModelRepository repository, TimeProvider time)
{
    private static readonly TimeSpan DispatcherLimit = TimeSpan.FromSeconds(5);

    /// <summary>A fail-over takes longer, and then it is better told so than waited for.</summary>
    private static readonly TimeSpan RouterLimit = TimeSpan.FromSeconds(5);

    public SeedNode Node => node;

    public RepositorySnapshot Models => repository.Snapshot;

    public TimeProvider Time => time;

    /// <exception cref="CommandFailedException">It does not answer.</exception>
    public async Task<T> AskAsync<T>(IRouterQuery<T> query, CancellationToken cancellation)
        where T : notnull
    {
        try
        {
            return await node.Dispatcher.Ask<T>(query, DispatcherLimit, cancellation);
        }
        catch (AskTimeoutException)
        {
            throw new CommandFailedException($"this seed's router does not answer within {DispatcherLimit.TotalSeconds:0} s: it is overloaded, or it ended; the seed's log says more");
        }
    }

    /// <exception cref="CommandFailedException">It does not answer, or refuses.</exception>
    public async Task<T> AskRouterAsync<T>(IMeshMessage question, CancellationToken cancellation)
        where T : IMeshMessage
    {
        try
        {
            return await node.JobRouter.Ask<IMeshMessage>(question, RouterLimit, cancellation) switch
            {
                T answer => answer,
                BatchCallRefused refused => throw new CommandFailedException(refused.Message),
                var other => throw new CommandFailedException($"the region's job router answered {question.GetType().Name} with {other.GetType().Name}: it runs another version"),
            };
        }
        catch (AskTimeoutException)
        {
            throw new CommandFailedException(
                $"the region's job router does not answer within {RouterLimit.TotalSeconds:0} s: no seed has taken it over yet, its journal is slow, or it runs an older version; 'cluster show' tells which seeds are up");
        }
    }

    /// <param name="text">NAME or NAME/VERSION.</param>
    /// <exception cref="CommandFailedException">There is none, or it cannot be served.</exception>
    public ModelReference ModelOf(string text)
    {
        var versions = VersionsOf(text);
        return (versions.LastOrDefault(version => version.Model is not null) ?? versions[^1]) switch
        {
            { Model.Reference: var reference } => reference,
            var unavailable => throw new CommandFailedException($"model {text} is not READY: {unavailable.Reason}"),
        };
    }

    /// <summary>Artifacts of all of its versions.</summary>
    /// <exception cref="CommandFailedException">There is no such model.</exception>
    public ImmutableHashSet<ArtifactHash> ArtifactsOf(string text) =>
        [.. VersionsOf(text).Select(version => version.Model?.Reference.Hash).OfType<ArtifactHash>()];

    private List<ModelVersion> VersionsOf(string text)
    {
        var (name, version) = text.Split('/') switch
        {
            [var only] => (only, null),
            [var first, var second] => (first, second),
            _ => throw new CommandFailedException($"'{text}' names no model: give NAME or NAME/VERSION"),
        };
        var known = Models.Models.GetValueOrDefault(name, []).Where(candidate => version is null || candidate.Version == version).ToList();
        if (known.Count > 0)
            return known;
        var near = Models.Models.Keys.Where(other => NearName.Distance(other, name) <= 3).ToList();
        throw new CommandFailedException(
            $"there is no model {text} in this seed's repository" + (near.Count > 0 ? $"; did you mean {string.Join(" or ", near)}?" : ": 'mesh models' lists them"));
    }
}
