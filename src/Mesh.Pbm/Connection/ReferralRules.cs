using System.Collections.Immutable;
using Mesh.Operations;

namespace Mesh.Pbm.Connection;

/// <summary>
/// Where a referral may lead an operator. The host that refers may be hostile, and its words run with the operator's own
/// credentials at hosts that trust those. Pure.
/// </summary>
internal static class ReferralRules
{
    /// <summary>Values that a referral may add: the id of the vehicle that was asked.</summary>
    private const int MaxAdded = 1;

    private const int MaxAddedLength = 64;

    /// <param name="from">The host that refers.</param>
    /// <param name="tls">It was asked over TLS, and so are the others.</param>
    /// <returns>Hosts to try, in order; and why the others are not.</returns>
    /// <exception cref="PbmException">The referral is not to be followed at all.</exception>
    public static (ImmutableArray<HostAddress> Hosts, ImmutableArray<string> Problems) Read(HostAddress from, bool tls, Referral referral)
    {
        if (referral.Added.Length > MaxAdded || !referral.Added.All(IsPlain))
            throw new PbmException(PbmExit.NotConnected, $"{from} refers to another host with words that pbm does not take from it");
        var (hosts, problems) = (ImmutableArray.CreateBuilder<HostAddress>(), ImmutableArray.CreateBuilder<string>());
        foreach (var text in referral.Hosts.Distinct(StringComparer.Ordinal).Take(OperationsLimits.Referrals))
        {
            if (HostAddress.Parse(text) is not { } host)
                problems.Add($"'{text}' is no HOST:PORT");
            else if (ProblemOf(from, tls, host) is { } problem)
                problems.Add($"{host}: {problem}");
            else
                hosts.Add(host);
        }

        return (hosts.ToImmutable(), problems.ToImmutable());
    }

    private static string? ProblemOf(HostAddress from, bool tls, HostAddress host)
    {
        if (host == from)
            return "that is the host that was asked";
        if (host.IsLoopback && !from.IsLoopback)
            return "a host elsewhere does not lead to this machine's own ports";
        // No member listens off loopback without TLS.
        return tls || host.IsLoopback ? null : "without TLS nothing is asked off this machine: connect with --tls or --ca";
    }

    /// <summary>It goes into the operator's command as a value, and into a terminal.</summary>
    private static bool IsPlain(string word) =>
        word.Length is >= 1 and <= MaxAddedLength && char.IsAsciiLetterOrDigit(word[0]) && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}

/// <summary>The host cannot answer, and names others. The message is the host's own.</summary>
internal sealed class ReferredException(string message, Referral referral) : PbmException(PbmExit.Failed, message)
{
    public Referral Referral { get; } = referral;
}
