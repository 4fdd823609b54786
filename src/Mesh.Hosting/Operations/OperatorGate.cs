namespace Mesh.Hosting.Operations;

/// <summary>Who an operator is. Asked at each call, so that who is not trusted any more gets no further on an open connection.</summary>
/// <param name="trust">Knows operators' certificates; null = none have one.</param>
/// <param name="tokens">Null = none have one.</param>
internal sealed class OperatorGate(OperatorTrust? trust, Func<string, string?>? tokens)
{
    /// <summary>Who reaches a port that only this machine reaches and that asks for no proof.</summary>
    public const string Local = "local";

    private const string Bearer = "Bearer ";

    /// <param name="certificate">Of the TLS connection; null = it has none.</param>
    /// <param name="authorization">The header "authorization".</param>
    public Judgement Judge(ShownCertificate? certificate, string? authorization)
    {
        if (trust is null && tokens is null)
            return new Judgement(Local, null);
        var problem = trust is not null && certificate is not null ? trust.Problem(certificate) : $"who asks is not known here: needs {Needs}";
        if (problem is null)
            return new Judgement(certificate!.Operator, null);
        var name = tokens is not null && authorization?.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) == true
            ? tokens(authorization[Bearer.Length..].Trim())
            : null;
        if (name is null && certificate is not null && trust is not null && tokens is not null)
            problem += "; a token will do (--token-file, PBM_TOKEN)";
        return new Judgement(name, name is null ? problem : null);
    }

    /// <summary>What somebody unknown needs.</summary>
    public string Needs => (trust, tokens) switch
    {
        (not null, not null) => "an operator's certificate (--cert, --key) or token (--token-file, PBM_TOKEN)",
        (not null, null) => "an operator's certificate (--cert, --key)",
        _ => "an operator's token (--token-file, PBM_TOKEN)",
    };

    /// <param name="Operator">Null = nobody who may ask.</param>
    /// <param name="Problem">Why not.</param>
    internal readonly record struct Judgement(string? Operator, string? Problem);
}
