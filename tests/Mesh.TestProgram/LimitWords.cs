using System.Diagnostics;
using System.Globalization;
using Mesh.Node;
using Mesh.Node.Limits;
using Microsoft.Extensions.Logging;

/// <summary>Limits on this process, and what the kernel says of them: a test cannot take back what it does to itself.</summary>
internal static class LimitWords
{
    /// <summary>Prints each niceness that a thread has, of those that were there before and of one that came after.</summary>
    public static void Nice(int niceness)
    {
        using var done = new ManualResetEventSlim();
        for (var i = 0; i < 3; i++)
            new Thread(done.Wait) { IsBackground = true }.Start();
        ProcessPriority.Apply(niceness, new ConsoleLog());
        new Thread(done.Wait) { IsBackground = true }.Start();
        var values = Directory.GetDirectories("/proc/self/task").Select(NicenessOf).Distinct().Order();
        Console.WriteLine($"niceness {string.Join(' ', values)}");
        done.Set();
    }

    /// <summary>Is busy for a second within a group of its own, and prints how often the kernel held it up.</summary>
    public static void Group(string name, double cores)
    {
        // With much weight it reaches its limit also where others keep the computer busy.
        var limits = new CgroupLimits(cores, null) { Weight = 1000 };
        using var limit = CgroupLimit.Apply(CgroupSetting.Auto, limits, name, SystemFiles.Real, new ConsoleLog());
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(1))
        {
        }

        var own = CgroupTree.Of(SystemFiles.Real, "cpu");
        var throttled = own is null ? null : SystemFiles.Real.Lines($"{own.Folder}/cpu.stat").FirstOrDefault(line => line.StartsWith("nr_throttled", StringComparison.Ordinal));
        Console.WriteLine($"group {limit.IsEffective} {own?.Folder} {throttled ?? "not limited"}");
    }

    private static int NicenessOf(string thread)
    {
        // The name before may hold anything; it ends with the last bracket.
        var stat = File.ReadAllText($"{thread}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }

    private sealed class ConsoleLog : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Console.WriteLine($"{logLevel}: {formatter(state, exception)}");
    }
}
