using System.Globalization;

namespace Mesh.Testing;

/// <summary>Where this machine has PostgreSQL's programs, and how to run them as someone other than root.</summary>
internal sealed record PostgresBinaries(string InitDb, string Postgres, IReadOnlyList<string> AsUser)
{
    private const string ServerUser = "postgres";

    /// <summary>Finds them; else the reason, for people.</summary>
    public static (PostgresBinaries? Found, string? Reason) Find()
    {
        const string advice = "Install it (Debian: apt-get install postgresql) or set MESH_TEST_POSTGRES to a connection string.";
        if (OperatingSystem.IsWindows())
            return (null, "No private PostgreSQL is started on Windows: set MESH_TEST_POSTGRES to a connection string.");
        var folder = Folders().FirstOrDefault(f => InstalledProgram.Exists(Path.Combine(f, "initdb")) && InstalledProgram.Exists(Path.Combine(f, "postgres")));
        if (folder is null)
            return (null, $"No initdb and postgres in PATH or /usr/lib/postgresql/*/bin. {advice}");

        IReadOnlyList<string> asUser = [];
        if (Environment.IsPrivilegedProcess)
        {
            // The server refuses to run as root.
            if (!HasServerUser())
                return (null, $"PostgreSQL does not run as root and there is no user '{ServerUser}' to run it as. {advice}");
            if (InstalledProgram.Find("setpriv") is { } setpriv)
                asUser = [setpriv, $"--reuid={ServerUser}", $"--regid={ServerUser}", "--init-groups"];
            else if (InstalledProgram.Find("runuser") is { } runuser)
                asUser = [runuser, "-u", ServerUser, "--"];
            else
                return (null, $"PostgreSQL does not run as root and there is neither setpriv nor runuser to change the user. {advice}");
        }

        return (new PostgresBinaries(Path.Combine(folder, "initdb"), Path.Combine(folder, "postgres"), asUser), null);
    }

    /// <summary>A command line of this many words, as the user that the server runs as.</summary>
    public (string FileName, IReadOnlyList<string> Arguments) Unprivileged(params IReadOnlyList<string> command)
    {
        IReadOnlyList<string> whole = [.. AsUser, .. command];
        return (whole[0], [.. whole.Skip(1)]);
    }

    /// <summary>Who must own the data folder; null when that is who we are.</summary>
    public string? Owner => AsUser.Count > 0 ? ServerUser : null;

    private static IEnumerable<string> Folders()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return InstalledProgram.Folders().Concat(versions.OrderByDescending(VersionOf).Select(version => Path.Combine(version, "bin")));

        static double VersionOf(string folder) =>
            double.TryParse(Path.GetFileName(folder), NumberStyles.Float, CultureInfo.InvariantCulture, out var version) ? version : 0;
    }

    private static bool HasServerUser() =>
        File.Exists("/etc/passwd") && File.ReadLines("/etc/passwd").Any(line => line.StartsWith($"{ServerUser}:", StringComparison.Ordinal));
}
