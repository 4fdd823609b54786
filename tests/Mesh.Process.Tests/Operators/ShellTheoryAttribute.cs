namespace Mesh.Process.Tests.Operators;

/// <summary>A theory that needs programs of a Unix; skipped, with the reason, where one is missing. CI fails on such a skip.</summary>
public sealed class ShellTheoryAttribute : TheoryAttribute
{
    public ShellTheoryAttribute(params string[] programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (programs.FirstOrDefault(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))) is { } missing)
            Skip = $"there is no {missing} in PATH";
    }
}
