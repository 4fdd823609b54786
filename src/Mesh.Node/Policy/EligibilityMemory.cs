using System.Collections.Immutable;

namespace Mesh.Node.Policy;

/// <summary>
/// What hysteresis needs to remember from one verdict to the next: since when each rule passes, by its code. A rule that is not
/// in it has not been judged yet, and may pass at once.
/// </summary>
public sealed class EligibilityMemory
{
    public static readonly EligibilityMemory Empty = new([]);

    private readonly ImmutableDictionary<string, DateTimeOffset?> _passingSince;

    private EligibilityMemory(ImmutableDictionary<string, DateTimeOffset?> passingSince) => _passingSince = passingSince;

    internal EligibilityMemory Forget(string rule) => Make(_passingSince.Remove(rule));

    internal EligibilityMemory Failed(string rule) => Make(_passingSince.SetItem(rule, null));

    /// <summary>It cannot be judged. That is a failure after it could be, but not before: a start needs no wait.</summary>
    internal EligibilityMemory Unknown(string rule) => _passingSince.ContainsKey(rule) ? Failed(rule) : this;

    /// <summary>Also answers until when it must go on passing to permit; null = it permits.</summary>
    internal (EligibilityMemory Memory, DateTimeOffset? HeldUntil) Passed(string rule, DateTimeOffset now, TimeSpan hold)
    {
        if (!_passingSince.TryGetValue(rule, out var since))
            return (Make(_passingSince.SetItem(rule, DateTimeOffset.MinValue)), null);
        // Also when the clock was set back since.
        if (since is not { } start || start > now)
            start = now;
        return (Make(_passingSince.SetItem(rule, start)), now - start >= hold ? null : start + hold);
    }

    private EligibilityMemory Make(ImmutableDictionary<string, DateTimeOffset?> changed) => changed == _passingSince ? this : new(changed);
}
