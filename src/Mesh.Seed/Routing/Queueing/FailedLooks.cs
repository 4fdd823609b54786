using Mesh.Messages;

namespace Mesh.Seed.Routing.Queueing;

/// <summary>
/// Requests of one round for which no vehicle was found, and so which others need not be looked at: those that ask for the
/// same. Requests with a radius each ask for something of their own; of them only so many are looked at, and only so many of
/// one client, so that they keep neither the others nor each other's clients from their turn. Pure.
/// </summary>
internal sealed class FailedLooks
{
    private const int MaxModels = 256;
    private const int MaxWithRadius = 32;
    private const int MaxWithRadiusOfClient = 8;

    private HashSet<ModelNeeds>? _models;
    private Dictionary<ulong, int>? _clients;
    private int _withRadius;

    public bool RuleOut(RoutedRequest request) => request.HasRadius
        ? _withRadius == MaxWithRadius || _clients?.GetValueOrDefault(request.Client) == MaxWithRadiusOfClient
        : _models is not null && (_models.Count == MaxModels || _models.Contains(request.Needs));

    public void Failed(RoutedRequest request)
    {
        if (!request.HasRadius)
        {
            (_models ??= []).Add(request.Needs);
            return;
        }

        _withRadius++;
        _clients ??= [];
        _clients[request.Client] = _clients.GetValueOrDefault(request.Client) + 1;
    }
}

/// <summary>What a request's model needs of a vehicle: two models may share an artifact and demand different hardware or consent.</summary>
internal readonly record struct ModelNeeds(ArtifactHash Artifact, string DeviceClasses, string Name, string Publisher);
