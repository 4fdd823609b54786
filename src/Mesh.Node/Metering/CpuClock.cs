using System.Runtime.InteropServices;

namespace Mesh.Node.Metering;

/// <summary>CPU time that the calling thread, and that the whole process has used.</summary>
/// <param name="ThreadTime">Null = there is no such clock on this platform.</param>
public sealed partial record CpuClock(Func<TimeSpan>? ThreadTime, Func<TimeSpan> ProcessTime)
{
    private const int ProcessClock = 2; // CLOCK_PROCESS_CPUTIME_ID of Linux
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    /// <summary>Linux: clock_gettime(2). Elsewhere threads have none.</summary>
    public static CpuClock System { get; } = OperatingSystem.IsLinux() && IntPtr.Size == 8
        ? new CpuClock(() => Read(ThreadClock), () => Read(ProcessClock))
        : new CpuClock(null, () => Environment.CpuUsage.TotalTime);

    private static TimeSpan Read(int clock)
    {
        if (GetTime(clock, out var time) != 0)
            throw new InvalidOperationException($"clock_gettime({clock}): {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        return new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
