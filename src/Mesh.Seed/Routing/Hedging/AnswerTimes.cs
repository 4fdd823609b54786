using Mesh.Messages;

namespace Mesh.Seed.Routing.Hedging;

/// <summary>What each model's attempts take from dispatch to answer, in this seed's own eyes. Pure.</summary>
internal sealed class AnswerTimes
{
    /// <summary>Models that are remembered; the one measured first goes first.</summary>
    private const int MaxModels = 256;

    private readonly OrderedDictionary<ArtifactHash, DecayingQuantile> _models = [];

    /// <summary>Null before enough attempts were answered.</summary>
    public TimeSpan? P95(ArtifactHash model) => _models.TryGetValue(model, out var times) ? times.Value : null;

    public void Answered(ArtifactHash model, TimeSpan duration)
    {
        if (!_models.TryGetValue(model, out var times))
        {
            if (_models.Count == MaxModels)
                _models.RemoveAt(0);
            _models.Add(model, times = new DecayingQuantile());
        }

        times.Add(duration);
    }

    /// <summary>
    /// The attempt was given up after this long: it would have taken longer still. Beyond the percentile that is all there
    /// is to know; left out, each hedge would make the percentile shorter and call for more of them.
    /// </summary>
    public void GivenUp(ArtifactHash model, TimeSpan duration)
    {
        if (P95(model) < duration)
            Answered(model, duration);
    }
}
