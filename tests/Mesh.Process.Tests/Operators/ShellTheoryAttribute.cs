using Mesh.Testing;

namespace Mesh.Process.Tests.Operators;

/// <summary>A theory that needs programs of a Unix; skipped, with the reason, where one is missing. CI fails on such a skip.</summary>
public sealed class ShellTheoryAttribute : TheoryAttribute
{
    public ShellTheoryAttribute(params string[] programs) => Skip = InstalledProgram.Missing(programs);
}
