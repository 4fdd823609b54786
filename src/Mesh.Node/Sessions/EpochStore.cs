using System.Globalization;
using Mesh.Messages;

namespace Mesh.Node.Sessions;

/// <summary>
/// Numbers this vehicle's sessions. The last number is kept on disk; a new one is also at least the wall clock's
/// milliseconds, so that a vehicle whose disk was wiped still outranks its former self.
/// </summary>
public sealed class EpochStore(string folder, TimeProvider time)
{
    private readonly string _file = Path.Combine(folder, "session-epoch");

    public SessionEpoch Next()
    {
        Directory.CreateDirectory(folder);
        var last = File.Exists(_file) && ulong.TryParse(File.ReadAllText(_file), NumberStyles.None, CultureInfo.InvariantCulture, out var stored)
            ? stored
            : 0;
        var next = Math.Max(last + 1, (ulong)time.GetUtcNow().ToUnixTimeMilliseconds());
        var draft = _file + ".new";
        File.WriteAllText(draft, next.ToString(CultureInfo.InvariantCulture));
        File.Move(draft, _file, overwrite: true);
        return new SessionEpoch(next);
    }
}
