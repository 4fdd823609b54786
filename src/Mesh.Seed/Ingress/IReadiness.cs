using Mesh.Messages;
using Mesh.Seed.Health;

namespace Mesh.Seed.Ingress;

/// <summary>Whether this seed takes requests, and whether one model can be served.</summary>
public interface IReadiness
{
    /// <summary>It has been a member of its region once; stays true.</summary>
    bool HasStarted { get; }

    /// <summary>Says nothing about one model.</summary>
    HealthReport Report();

    /// <summary>A vehicle is connected that may run it now.</summary>
    /// <param name="reason">For people, when there is none.</param>
    bool CanServe(ModelReference model, out string reason);
}
