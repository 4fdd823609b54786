using Mesh.Testing;

namespace Mesh.Process.Tests.Cities;

/// <summary>A fact that needs network namespaces and a PostgreSQL of its own; skipped, with the reason, where they cannot be had. CI fails on a skip.</summary>
public sealed class CitiesFactAttribute : FactAttribute
{
    public CitiesFactAttribute() => Skip = NetworkNamespace.Unavailable
        ?? PostgresServer.Unavailable
        ?? (Environment.GetEnvironmentVariable("MESH_TEST_POSTGRES") is { Length: > 0 }
            ? "The PostgreSQL that MESH_TEST_POSTGRES names is not in reach of a network namespace."
            : null);
}
