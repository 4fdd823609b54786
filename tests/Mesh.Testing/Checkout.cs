namespace Mesh.Testing;

/// <summary>Files of the checkout that the tests were built from.</summary>
public static class Checkout
{
    /// <summary>The folder that holds Mesh.sln.</summary>
    public static string Root { get; } = FindRoot();

    public static string Models => Path.Combine(Root, "models");

    public static string Data => Path.Combine(Root, "tests", "data");

    public static string Artifact(string model, string version = "1") => Path.Combine(Models, model, version, "model.onnx");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mesh.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No Mesh.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
