using System.Collections.Concurrent;
using System.Globalization;
using Mesh.Pbm.Terminals;

namespace Mesh.State.Tests.Operations;

/// <summary>A terminal whose keys a test presses, and whose output it reads.</summary>
internal sealed class FakeTerminal : ITerminal
{
    private readonly BlockingCollection<ConsoleKeyInfo> _keys = [];
    private readonly ConcurrentBag<CancellationTokenSource> _running = [];

    public SignallingWriter Written { get; } = new();

    public SignallingWriter Errors { get; } = new();

    public TextWriter Out => Written;

    public TextWriter Error => Errors;

    public TextReader In { get; init; } = TextReader.Null;

    public bool IsOutTerminal { get; init; }

    public bool IsErrorTerminal => false;

    public bool IsInTerminal { get; init; }

    public int Width { get; set; } = 80;

    public int Height { get; set; } = 24;

    public Dictionary<string, string> Variables { get; init; } = [];

    public bool HasKey => _keys.Count > 0;

    public string? Variable(string name) => Variables.GetValueOrDefault(name);

    public ConsoleKeyInfo ReadKey() => _keys.Take();

    /// <summary>How many catch Ctrl-C now.</summary>
    public int Interruptions { get; private set; }

    public IDisposable Uninterrupted() => new FakeInterruption(() => { });

    public IInterruption Interruption()
    {
        Interruptions++;
        var interruption = new FakeInterruption(() => Interruptions--);
        _running.Add(interruption.Source);
        return interruption;
    }

    /// <summary>Ctrl-C while a command runs.</summary>
    public void Interrupt()
    {
        foreach (var source in _running)
            source.Cancel();
    }

    public FakeTerminal Type(string text)
    {
        foreach (var c in text)
        {
            _keys.Add(c switch
            {
                '\n' => new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false),
                '\t' => new ConsoleKeyInfo('\t', ConsoleKey.Tab, false, false, false),
                _ => new ConsoleKeyInfo(c, default, false, false, false),
            });
        }

        return this;
    }

    public FakeTerminal Press(ConsoleKey key, bool control = false, bool alt = false)
    {
        _keys.Add(new ConsoleKeyInfo('\0', key, false, alt, control));
        return this;
    }

    private sealed class FakeInterruption(Action end) : IInterruption
    {
        public CancellationTokenSource Source { get; } = new();

        public CancellationToken Token => Source.Token;

        public void Dispose() => end();
    }
}

/// <summary>Text that a test waits for.</summary>
internal sealed class SignallingWriter : StringWriter
{
    private readonly Lock _lock = new();
    private readonly List<(string Text, int From, TaskCompletionSource Seen)> _waiting = [];

    public SignallingWriter() : base(CultureInfo.InvariantCulture)
    {
    }

    public override void Write(char value)
    {
        lock (_lock)
            base.Write(value);
    }

    public override void Write(string? value)
    {
        lock (_lock)
            base.Write(value);
    }

    public override void WriteLine(string? value)
    {
        lock (_lock)
            base.Write(value + "\n");
        Flush();
    }

    public override void Flush()
    {
        lock (_lock)
        {
            var text = GetStringBuilder().ToString();
            foreach (var waiter in _waiting.Where(waiter => text.IndexOf(waiter.Text, waiter.From, StringComparison.Ordinal) >= 0))
                waiter.Seen.TrySetResult();
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return base.ToString();
    }

    /// <summary>Waits until the text was written behind this position.</summary>
    public Task SeenAsync(string text, int from = 0)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _waiting.Add((text, from, seen));
        Flush();
        return seen.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
