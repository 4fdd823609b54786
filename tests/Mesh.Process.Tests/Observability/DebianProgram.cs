using Mesh.Testing;

namespace Mesh.Process.Tests.Observability;

/// <summary>Programs that tests use and that are no part of the mesh: <c>MESH_TEST_NAME</c> names one, or PATH has it.</summary>
internal static class DebianProgram
{
    /// <summary>Null when there is none.</summary>
    public static string? Find(string name) => Environment.GetEnvironmentVariable(VariableOf(name)) is { Length: > 0 } named
        ? named
        : InstalledProgram.Find(name);

    public static string Missing(string name, string package) => $"There is no {name} in PATH (Debian: package {package}), and {VariableOf(name)} names none.";

    private static string VariableOf(string name) => $"MESH_TEST_{name.ToUpperInvariant()}";
}
