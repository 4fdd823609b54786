using Xunit;

namespace Mesh.Testing;

/// <summary>A fact that needs PostgreSQL; skipped, with the reason, where none can be had. CI fails on such a skip.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresServer.Unavailable;
}

/// <inheritdoc cref="PostgresFactAttribute"/>
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresServer.Unavailable;
}
