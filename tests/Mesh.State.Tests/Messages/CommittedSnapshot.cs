using Mesh.Testing;

namespace Mesh.State.Tests.Messages;

/// <summary>
/// A text file beside the tests that pins what other nodes and old journals rely on. With MESH_UPDATE_SNAPSHOTS=1 it is
/// written anew; the difference is then reviewed like any other change.
/// </summary>
internal static class CommittedSnapshot
{
    public static string Path(string name) => System.IO.Path.Combine(Checkout.Root, "tests", "Mesh.State.Tests", "Messages", name);

    public static string[] Read(string name) => File.Exists(Path(name)) ? File.ReadAllLines(Path(name)) : [];

    public static void AssertEqual(string name, IReadOnlyList<string> lines)
    {
        if (Environment.GetEnvironmentVariable("MESH_UPDATE_SNAPSHOTS") == "1")
            File.WriteAllText(Path(name), string.Join('\n', lines) + "\n");
        var pinned = Read(name);
        var gone = pinned.Except(lines).Select(line => "- " + line);
        var added = lines.Except(pinned).Select(line => "+ " + line);
        Assert.True(
            pinned.SequenceEqual(lines),
            $"{name} differs. Readers first, writers later: add fields, never change them; then run with MESH_UPDATE_SNAPSHOTS=1.\n"
                + string.Join('\n', gone.Concat(added)));
    }
}
