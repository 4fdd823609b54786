using System.Diagnostics;

namespace Mesh.Demo;

/// <summary>
/// What the run looks like while it runs: events, each on a line, and below them one line of progress that is redrawn on
/// a terminal, or printed about every tenth of the way when the output goes elsewhere. Thread-safe.
/// </summary>
internal sealed class ProgressView
{
    private const string EraseLine = "\r\e[2K";
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly bool _terminal;
    private readonly bool _colour;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private string _line = "";

    /// <param name="terminal">Whether the writer understands ANSI sequences.</param>
    public ProgressView(TextWriter writer, bool terminal, bool colour)
    {
        _writer = writer;
        _terminal = terminal;
        _colour = terminal && colour;
    }

    /// <summary>As the environment says: redirected output and dumb terminals get plain lines, NO_COLOR no colours.</summary>
    public static ProgressView ForConsole(TextWriter writer) => new(
        writer,
        terminal: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        colour: string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    public void Event(string text)
    {
        lock (_lock)
        {
            var time = $"{_clock.Elapsed.TotalSeconds,6:0.0} s";
            if (_terminal)
                _writer.Write(EraseLine);
            _writer.WriteLine(_colour ? $"\e[2m{time}\e[0m  {text}" : $"{time}  {text}");
            if (_terminal)
                _writer.Write(_line);
            _writer.Flush();
        }
    }

    /// <summary>Text below everything so far; the progress line ends there.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            if (_terminal)
                _writer.Write(EraseLine);
            _line = "";
            _writer.WriteLine(text);
            _writer.Flush();
        }
    }

    public string Good(string text) => _colour ? $"\e[32m{text}\e[0m" : text;

    public string Bad(string text) => _colour ? $"\e[31m{text}\e[0m" : text;

    /// <summary>Shows the tally until cancelled, and its final state then.</summary>
    public async Task FollowAsync(Tally tally, int total, CancellationToken until)
    {
        var rate = new RecentRate();
        var tenths = 0;
        using var timer = new PeriodicTimer(Redraw);
        var running = true;
        while (running)
        {
            running = await TickAsync(timer, until);
            var (answered, failed, perVehicle) = tally.Snapshot();
            rate.Add(_clock.Elapsed, answered + failed);
            var line = Describe(answered, failed, total, rate.PerSecond, perVehicle);
            if (_terminal)
            {
                DrawLine(line);
            }
            else if ((answered + failed) * 10 / total > tenths)
            {
                tenths = (answered + failed) * 10 / total;
                Event(line);
            }
        }
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken until)
    {
        try
        {
            return await timer.WaitForNextTickAsync(until);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static string Describe(
        int answered, int failed, int total, double perSecond, IReadOnlyList<(string Vehicle, int Answers)> perVehicle)
    {
        const int width = 20;
        var filled = (int)((long)(answered + failed) * width / total);
        var bar = new string('#', filled) + new string('.', width - filled);
        var failures = failed > 0 ? $", {failed} FAILED" : "";
        var vehicles = string.Join("  ", perVehicle.Select(entry => $"{entry.Vehicle} {entry.Answers}"));
        return $"[{bar}] {answered}/{total}{failures}  {perSecond:0}/s  {vehicles}";
    }

    private void DrawLine(string line)
    {
        // A line that wraps could not be erased.
        var width = Math.Max(20, WindowWidth() - 1);
        lock (_lock)
        {
            _line = line.Length > width ? line[..width] : line;
            _writer.Write(EraseLine + _line);
            _writer.Flush();
        }
    }

    private static int WindowWidth()
    {
        try
        {
            // A pseudo-terminal without a size says 0.
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (Exception exception) when (exception is IOException or PlatformNotSupportedException)
        {
            return 80;
        }
    }

    /// <summary>Requests per second over about the last second.</summary>
    private sealed class RecentRate
    {
        private readonly Queue<(TimeSpan At, int Count)> _samples = new();

        public double PerSecond { get; private set; }

        public void Add(TimeSpan at, int count)
        {
            _samples.Enqueue((at, count));
            while (_samples.Count > 10)
                _samples.Dequeue();
            var (since, before) = _samples.Peek();
            PerSecond = at > since ? (count - before) / (at - since).TotalSeconds : 0;
        }
    }
}
