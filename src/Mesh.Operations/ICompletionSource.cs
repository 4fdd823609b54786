namespace Mesh.Operations;

/// <summary>A handler that knows values of its palette's arguments, for completion.</summary>
public interface ICompletionSource
{
    /// <summary>
    /// Values that the argument may have; those that do not begin as begun, or that no shell takes as they are, are left out by
    /// whoever asks, and so is what comes too late. Offer no more than a few thousand.
    /// </summary>
    /// <exception cref="CommandFailedException">They cannot be told now.</exception>
    Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation);
}

/// <param name="Kinds">What <see cref="CommandArgument.Completes"/> says.</param>
/// <param name="Begun">The value's beginning; "" = nothing yet.</param>
public sealed record SoughtValue(string Command, string Argument, IReadOnlyList<string> Kinds, string Begun);

/// <summary>Kinds of values that hosts know.</summary>
public static class ValueKinds
{
    public const string Vehicle = "vehicle";
    public const string Model = "model";
    public const string Batch = "batch";

    /// <summary>The address of a member of the cluster.</summary>
    public const string Member = "member";

    /// <summary>The path of an actor.</summary>
    public const string Actor = "actor";

    /// <summary>A signal's VSS path.</summary>
    public const string Signal = "signal";
}
