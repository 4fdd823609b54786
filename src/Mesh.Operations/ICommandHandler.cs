using System.Collections.Immutable;

namespace Mesh.Operations;

/// <summary>Answers the commands of one palette. Knows nothing of how they travel.</summary>
public interface ICommandHandler
{
    CommandPalette Palette { get; }

    /// <param name="call">Checked against the palette: every required argument is there, every choice is one of its list.</param>
    /// <param name="cancellation">The operator does not wait any more.</param>
    /// <exception cref="CommandFailedException">It cannot be done; thrown before or between pieces of the answer.</exception>
    /// <exception cref="CommandReferredException">Others know; thrown before the first piece of the answer.</exception>
    IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation);
}

/// <param name="Command">The second word; the palette's name is the handler's.</param>
/// <param name="Arguments">By name, defaults filled in; a switch that was given has the value "true".</param>
/// <param name="Operator">Who asks, for the audit log: a certificate's subject, a token's name, or "local".</param>
public sealed record CommandCall(string Command, IReadOnlyDictionary<string, string> Arguments, string Operator)
{
    public string this[string argument] => Arguments[argument];

    public string? Find(string argument) => Arguments.GetValueOrDefault(argument);

    public bool Has(string argument) => Arguments.ContainsKey(argument);
}

/// <summary>The message tells an operator what is wrong and what to do.</summary>
public sealed class CommandFailedException(string message) : Exception(message);

/// <summary>
/// This host cannot answer, and names who can: the client goes there by itself, as the operator that it is. The message says the
/// same to a client that does not.
/// </summary>
public sealed class CommandReferredException(string message, Referral referral) : Exception(message)
{
    public Referral Referral { get; } = referral;
}

/// <summary>Where a command can be answered instead.</summary>
/// <param name="Hosts">HOST:PORT of operators' ports, in the order in which to try them; 1 to <see cref="OperationsLimits.Referrals"/>.</param>
/// <param name="Added">
/// Values to put behind the words of the command, which stay as the operator gave them: whoever refers cannot make the operator say
/// anything else.
/// </param>
public sealed record Referral(ImmutableArray<string> Hosts, ImmutableArray<string> Added);
