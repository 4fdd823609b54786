using System.Diagnostics;

namespace Mesh.Demo;

/// <summary>
/// What the run looks like while it runs: events, each on a line, and below them lines of progress that are redrawn in place
/// on a terminal. When the output goes elsewhere there is no such place: what progress there is must be events. Thread-safe.
/// </summary>
internal sealed class ProgressView
{
    private const string EraseLine = "\r\e[2K";
    private const string EraseLineAbove = "\e[1A\e[2K";
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly bool _terminal;
    private readonly bool _colour;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private IReadOnlyList<string> _lines = [];

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

    /// <summary>Whether lines can be redrawn in place, as many as <see cref="Height"/> less one.</summary>
    public bool IsTerminal => _terminal;

    /// <summary>Characters that a line of progress may have: one that wraps could not be erased.</summary>
    public static int Width => Math.Max(20, WindowSize(() => Console.WindowWidth, 80) - 1);

    public static int Height => WindowSize(() => Console.WindowHeight, 24);

    public void Event(string text) => Line(Dim($"{_clock.Elapsed.TotalSeconds,6:0.0} s") + $"  {text}");

    /// <summary>A line above those of progress.</summary>
    public void Line(string text)
    {
        lock (_lock)
        {
            _writer.Write(Erasure());
            _writer.WriteLine(text);
            _writer.Write(string.Join('\n', _lines));
            _writer.Flush();
        }
    }

    /// <summary>Text below everything so far; the lines of progress end there.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            _writer.Write(Erasure());
            _lines = [];
            _writer.WriteLine(text);
            _writer.Flush();
        }
    }

    /// <summary>Puts these in the place of the lines of progress, on a terminal. Each has its place in <see cref="Width"/>.</summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        if (!_terminal)
            return;
        lock (_lock)
        {
            _writer.Write(Erasure() + string.Join('\n', lines));
            _lines = lines;
            _writer.Flush();
        }
    }

    public string Good(string text) => Coloured(text, 32);

    public string Bad(string text) => Coloured(text, 31);

    public string Warning(string text) => Coloured(text, 33);

    public string Dim(string text) => Coloured(text, 2);

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
                Draw([line.Length > Width ? line[..Width] : line]);
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

    private string Coloured(string text, int code) => _colour ? $"\e[{code}m{text}\e[0m" : text;

    private string Erasure() => _terminal
        ? EraseLine + string.Concat(Enumerable.Repeat(EraseLineAbove, Math.Max(0, _lines.Count - 1)))
        : "";

    private static int WindowSize(Func<int> read, int otherwise)
    {
        try
        {
            // A pseudo-terminal without a size says 0.
            return read() is > 0 and var size ? size : otherwise;
        }
        catch (Exception exception) when (exception is IOException or PlatformNotSupportedException)
        {
            return otherwise;
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
