namespace Mesh.Testing;

/// <summary>Programs of the system that tests use: PATH has them, or the folders of administrators' programs.</summary>
public static class InstalledProgram
{
    /// <summary>The path of the first of these names that there is; null = there is none. A link to a program that was removed is no program.</summary>
    public static string? Find(params string[] names) =>
        Folders().SelectMany(_ => names, Path.Combine).FirstOrDefault(Exists);

    /// <summary>Why a test that needs them all is skipped; null = they are there. CI fails on such a skip.</summary>
    public static string? Missing(params string[] names) =>
        names.FirstOrDefault(name => Find(name) is null) is { } missing ? $"There is no {missing} in PATH." : null;

    internal static IEnumerable<string> Folders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/sbin", "/sbin"]);

    internal static bool Exists(string file) =>
        File.Exists(file) && (new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.Exists ?? true);
}
