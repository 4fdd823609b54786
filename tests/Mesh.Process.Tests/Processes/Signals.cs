using System.Runtime.InteropServices;
using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Processes;

/// <summary>Stops and continues a process without ending it: a car whose network fell silent.</summary>
internal static partial class Signals
{
    public static void Freeze(ManagedProcess process) => Send(process, OperatingSystem.IsMacOS() ? 17 : 19);

    public static void Thaw(ManagedProcess process) => Send(process, OperatingSystem.IsMacOS() ? 19 : 18);

    private static void Send(ManagedProcess process, int signal) => Assert.Equal(0, Kill(process.Id, signal));

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
