using Mesh.Operations;

namespace Mesh.Hosting.Operations;

/// <summary>Why a command does not run, or ends before its answer does.</summary>
public enum CommandRefusal
{
    /// <summary>There is no such command, or its arguments are wrong.</summary>
    Wrong,
    Unconfirmed,
    Busy,

    /// <summary>The handler says why it cannot be done.</summary>
    Failed,

    /// <summary>Others can answer it.</summary>
    Referred,

    /// <summary>A mistake in the handler; the log says which.</summary>
    Broken,
    Late,
    Cancelled,
}

/// <summary>The message tells an operator what is wrong and what to do.</summary>
public sealed class CommandRefusedException(CommandRefusal refusal, string message) : Exception(message)
{
    public CommandRefusal Refusal { get; } = refusal;

    /// <summary>Set where the refusal is <see cref="CommandRefusal.Referred"/>.</summary>
    public Referral? Referral { get; init; }
}
