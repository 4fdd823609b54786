using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Hosting;

/// <summary>Makes what was created or renamed in a folder last through a loss of power.</summary>
public static partial class FolderSync
{
    private const int InvalidArgument = 22; // EINVAL on every Unix.

    /// <exception cref="IOException">The folder cannot be synced.</exception>
    public static void Sync(string folder)
    {
        // Windows journals its folders by itself and has no such call.
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(folder, 0); // O_RDONLY, which is 0 on every Unix; .NET itself refuses to open a folder.
        if (descriptor < 0)
            throw Failed(folder);
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        // A file system that has no such call says so by EINVAL; what it keeps is its own business.
        if (Fsync(handle) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            throw Failed(folder);
    }

    private static IOException Failed(string folder) =>
        new($"The folder {folder} cannot be synced: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
