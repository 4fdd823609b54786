namespace Mesh.Seed.Ingress;

/// <summary>Whether this seed takes requests at all; says nothing about one model.</summary>
public interface IReadiness
{
    /// <param name="reason">For people, when it is not.</param>
    bool IsReady(out string reason);
}
