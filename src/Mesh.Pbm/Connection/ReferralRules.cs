using System.Collections.Immutable;
using System.Text;
using Mesh.Operations;
using Mesh.Operations.Grammar;

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

    /// <summary>The only one whose commands members refer.</summary>
    private const string Palette = "mesh";

    private const string Vehicle = "vehicle";

    /// <summary>The argument that an added value is for, by command: at a vehicle these mean that vehicle when it is left out.</summary>
    private static readonly ImmutableDictionary<string, string> Places =
        ImmutableDictionary.CreateRange<string, string>([new("load", Vehicle), new("unload", Vehicle), new("explain", "what")]);

    /// <summary>Before anybody else is asked.</summary>
    /// <param name="words">The operator's own.</param>
    /// <exception cref="PbmException">The referral is not to be followed.</exception>
    public static void CheckWords(HostAddress from, ImmutableArray<string> words, ImmutableArray<string> added)
    {
        if (words is not [Palette, var command, ..])
            throw Refusal($"{from} refers '{words.FirstOrDefault()}' to another host, and pbm follows that for the palette '{Palette}' only");
        if (added.Length > 0 && (added.Length > MaxAdded || !Places.ContainsKey(command) || !added.All(IsPlain)))
            throw Refusal($"{from} refers to another host with words that pbm does not take from it");
    }

    /// <summary>
    /// What changes something must do so by the operator's own words, and name its vehicle: left out it is all of them at a seed, and
    /// at a vehicle that one. Words that are wrong there are left for the other host to refuse.
    /// </summary>
    /// <param name="words">As <see cref="CheckWords"/> has passed them.</param>
    /// <param name="palettes">Of the host that the referral leads to.</param>
    /// <exception cref="PbmException">The referral is not to be followed.</exception>
    public static void CheckMeaning(HostAddress from, ImmutableArray<string> words, ImmutableArray<string> added, IReadOnlyList<CommandPalette> palettes)
    {
        if (CommandGrammar.Read([.. words, .. added], palettes) is not CommandReading.Command whole)
            return;
        if (added is [var value] && whole.Arguments.GetValueOrDefault(Places[words[1]]) != value)
            throw Refusal($"{from} refers to another host, where '{value}', which it adds, would mean something else than its id");
        if (!whole.Changes)
            return;
        if (CommandGrammar.Read(words, palettes) is not CommandReading.Command { Changes: true })
            throw Refusal($"{from} refers to another host, where '{added[0]}', which it adds, would change something");
        if (!whole.Arguments.ContainsKey(Vehicle))
            throw Refusal($"{from} refers to another host, where pbm runs nothing that changes something and names no vehicle");
    }

    /// <param name="from">The host that refers.</param>
    /// <param name="tls">It was asked over TLS, and so are the others.</param>
    /// <returns>Hosts to try, in order; and why the others are not.</returns>
    public static (ImmutableArray<HostAddress> Hosts, ImmutableArray<string> Problems) Read(HostAddress from, bool tls, Referral referral)
    {
        var (hosts, problems) = (ImmutableArray.CreateBuilder<HostAddress>(), ImmutableArray.CreateBuilder<string>());
        foreach (var text in referral.Hosts.Distinct(StringComparer.Ordinal).Take(OperationsLimits.Referrals))
        {
            // Other letters may become plain ones on the way: a name that has some can be given in ASCII.
            if (!Ascii.IsValid(text) || HostAddress.Parse(text) is not { } host)
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
        if (host.MayBeLoopback && !from.IsLoopback)
            return "a host elsewhere does not lead to this machine's own ports";
        // No member listens off loopback without TLS.
        return tls || host.IsLoopback ? null : "without TLS nothing is asked off this machine: connect with --tls or --ca";
    }

    private static PbmException Refusal(string message) => new(PbmExit.NotConnected, message);

    /// <summary>A vehicle's id that is no option: it goes into the operator's command as a value, and into a terminal.</summary>
    private static bool IsPlain(string word) =>
        word.Length is >= 1 and <= MaxAddedLength && word[0] != '-' && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}

/// <summary>The host cannot answer, and names others. The message is the host's own.</summary>
internal sealed class ReferredException(string message, Referral referral) : PbmException(PbmExit.Failed, message)
{
    public Referral Referral { get; } = referral;
}
