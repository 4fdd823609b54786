namespace Mesh.Seed.Routing.Hedging;

/// <summary>
/// The token bucket that caps hedges: each request's first attempt earns a share of one, up to the burst, which is also what
/// it starts with. So at any time hedges ≤ share × first attempts + burst. Whole thousandths: nothing adds up to more. Pure.
/// </summary>
internal sealed class HedgeBudget
{
    private const long PerHedge = 1000;

    private readonly long _perAttempt;
    private readonly long _most;
    private long _tokens;

    /// <param name="share">Hedges per first attempt; 0 = none at all.</param>
    /// <param name="burst">Hedges that may be saved up.</param>
    public HedgeBudget(double share, int burst)
    {
        _perAttempt = (long)(share * PerHedge);
        _most = _perAttempt > 0 ? burst * PerHedge : 0;
        _tokens = _most;
    }

    /// <summary>There is never a hedge.</summary>
    public bool IsOff => _most < PerHedge;

    public bool Allows => _tokens >= PerHedge;

    public void FirstAttempt() => _tokens = Math.Min(_most, _tokens + _perAttempt);

    public void Hedged() => _tokens -= PerHedge;
}
