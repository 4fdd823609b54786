using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Limits;

/// <summary>
/// Lets everything else on the computer go first: nice(2) for every thread of this process. On Linux niceness is a thread's, and
/// new threads inherit it. It can be raised at any time, but lowered only by a privileged process.
/// </summary>
public static partial class ProcessPriority
{
    private const int OneProcess = 0; // PRIO_PROCESS; on Linux the id may be a thread's
    private const int NoSuchProcess = 3;

    /// <summary>Passes over the threads: one that is being started by another that was not reached yet shows in the next.</summary>
    private const int MaxPasses = 10;

    /// <param name="niceness">0 as everything else to 19 only what nobody else wants; negative ones need privilege.</param>
    /// <returns>Whether all threads have it; why not is logged.</returns>
    public static bool Apply(int niceness, ILogger logger)
    {
        if (!OperatingSystem.IsLinux())
        {
            LogNotHere(logger, niceness);
            return false;
        }

        var done = new HashSet<int>();
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var threads = Threads().Where(thread => !done.Contains(thread)).ToList();
            if (threads.Count == 0)
            {
                LogApplied(logger, niceness, done.Count);
                return true;
            }

            foreach (var thread in threads)
            {
                if (SetPriority(OneProcess, (uint)thread, niceness) != 0 && Marshal.GetLastPInvokeError() is not NoSuchProcess and var error)
                {
                    LogRefused(logger, niceness, Marshal.GetPInvokeErrorMessage(error));
                    return false;
                }

                done.Add(thread);
            }
        }

        LogRestless(logger, niceness, MaxPasses);
        return false;
    }

    private static IEnumerable<int> Threads() =>
        Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);

    [LoggerMessage(Level = LogLevel.Information, Message = "Niceness {Niceness} for all {Threads} threads")]
    private static partial void LogApplied(ILogger logger, int niceness, int threads);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Niceness {Niceness} was refused: {Reason}. It can only be raised: start the process with a lower one, or give it CAP_SYS_NICE")]
    private static partial void LogRefused(ILogger logger, int niceness, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Niceness {Niceness} may lack on threads that were started meanwhile: after {Passes} passes there were still new ones")]
    private static partial void LogRestless(ILogger logger, int niceness, int passes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Niceness {Niceness} is not set: that is done on Linux only. Start the process with a lower priority")]
    private static partial void LogNotHere(ILogger logger, int niceness);
}
