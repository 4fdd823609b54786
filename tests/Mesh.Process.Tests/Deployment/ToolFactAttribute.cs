using Mesh.Testing;

namespace Mesh.Process.Tests.Deployment;

/// <summary>A fact that needs a program of the system; skipped, with the reason, where that is missing. CI installs it, and fails on a skip.</summary>
public sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(string program, string package)
    {
        if (InstalledProgram.Find(program) is null)
            Skip = $"There is no {program} in PATH. Install it (Debian: apt-get install {package}).";
    }
}
