namespace Mesh.Node.Policy;

/// <summary>The owner's policy, which may change at any moment.</summary>
public interface IOwnerPolicies
{
    OwnerPolicy Current { get; }

    /// <summary>Raised after it changed, on any thread.</summary>
    event Action? Changed;
}

/// <summary>A policy that stays as it is: the built-in ones.</summary>
public sealed class FixedOwnerPolicy(OwnerPolicy policy) : IOwnerPolicies
{
    public OwnerPolicy Current => policy;

    public event Action? Changed
    {
        add { }
        remove { }
    }
}
