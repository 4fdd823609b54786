using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Mesh.Demo.Processes;

/// <summary>
/// A child process that does not outlive us, with the lines it printed. Its standard input stays open as long as this
/// process lives, and <c>MESH_EXIT_ON_STDIN_CLOSE=1</c> asks it to exit once that closes: so it ends even when its parent
/// was killed without a chance to clean up. Thread-safe.
/// </summary>
public sealed partial class ManagedProcess : IAsyncDisposable
{
    /// <summary>Lines of output that are kept; older ones are forgotten.</summary>
    public const int KeptLines = 500;

    // A grandchild may hold the pipes open; the end of the process must still be noticed.
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly Action<string>? _onLine;
    private readonly Lock _lock = new();
    private readonly Queue<string> _kept = new();
    private readonly List<Waiter> _waiters = [];
    private long _lineCount;
    private bool _ended;

    private ManagedProcess(ProcessSpec spec, Process process)
    {
        Name = spec.Name;
        Id = process.Id;
        _onLine = spec.OnLine;
        _process = process;
        Exited = ObserveAsync();
    }

    /// <summary>Every line of standard output and standard error from now on. Handlers must neither block nor throw.</summary>
    public event Action<string>? LineReceived;

    public string Name { get; }

    /// <summary>The operating system's process id.</summary>
    public int Id { get; }

    /// <summary>Completes with the exit code once the process has ended and its output is read. Never fails.</summary>
    public Task<int> Exited { get; }

    /// <summary>Null while it runs. On Unix a process ended by signal n has 128+n: 137 after a SIGKILL.</summary>
    public int? ExitCode => Exited.IsCompletedSuccessfully ? Exited.Result : null;

    /// <summary>Lines printed so far, also those no longer kept: a position for <see cref="WaitForLineAsync"/>.</summary>
    public long LineCount
    {
        get
        {
            lock (_lock)
                return _lineCount;
        }
    }

    /// <exception cref="InvalidOperationException">The program cannot be started; the message names it.</exception>
    public static ManagedProcess Start(ProcessSpec spec)
    {
        var start = new ProcessStartInfo(spec.FileName, spec.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            CreateNoWindow = true,
        };
        start.Environment["MESH_EXIT_ON_STDIN_CLOSE"] = "1";
        foreach (var (key, value) in spec.Environment)
            start.Environment[key] = value;

        try
        {
            return new ManagedProcess(spec, Process.Start(start)!);
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"{spec.Name} cannot be started: {spec.FileName}: {exception.Message}", exception);
        }
    }

    /// <summary>The last lines it printed, one string.</summary>
    public string Tail(int lines = 40)
    {
        lock (_lock)
            return string.Join(Environment.NewLine, _kept.TakeLast(lines));
    }

    /// <summary>
    /// The first line for which <paramref name="predicate"/> holds, among those kept and those to come.
    /// </summary>
    /// <param name="predicate">Must be quick: the output waits for it.</param>
    /// <param name="after">Only lines printed after this <see cref="LineCount"/>.</param>
    /// <exception cref="ProcessExitedException">The process ended without printing one.</exception>
    /// <exception cref="TimeoutException">None came in time; the message ends with its last lines.</exception>
    public async Task<string> WaitForLineAsync(
        Func<string, bool> predicate, TimeSpan timeout, long after = 0, CancellationToken cancellation = default)
    {
        var waiter = new Waiter(predicate);
        lock (_lock)
        {
            var firstKept = _lineCount - _kept.Count;
            var printed = _kept.Skip((int)Math.Clamp(after - firstKept, 0, _kept.Count)).FirstOrDefault(predicate);
            if (printed is not null)
                return printed;
            if (!_ended)
                _waiters.Add(waiter);
        }

        try
        {
            // An ended process prints nothing more, and its exit code is there.
            if (await Task.WhenAny(waiter.Line.Task, Exited).WaitAsync(timeout, cancellation) == Exited && !waiter.Line.Task.IsCompleted)
                throw new ProcessExitedException(Name, await Exited, Tail());
            return await waiter.Line.Task;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"{Name} (process {Id}) did not print the expected line within {timeout.TotalSeconds:0.#} s.{Environment.NewLine}{Tail()}");
        }
        finally
        {
            lock (_lock)
                _waiters.Remove(waiter);
        }
    }

    /// <summary>Ends it at once (SIGKILL), with no chance to say goodbye. Does not wait; see <see cref="Exited"/>.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // Already gone.
        }
    }

    /// <summary>
    /// Asks it to leave (SIGTERM; where there are no signals, by closing its standard input) and waits. It is killed when it
    /// is still there after <paramref name="timeout"/>.
    /// </summary>
    /// <returns>Whether it left by itself.</returns>
    public async Task<bool> TerminateAsync(TimeSpan timeout)
    {
        if (OperatingSystem.IsWindows())
            CloseInput();
        else if (!Exited.IsCompleted)
            _ = SendSignal(Id, SigTerm);

        if (await Task.WhenAny(Exited, Task.Delay(timeout)) == Exited)
            return true;
        Kill();
        await Exited;
        return false;
    }

    /// <summary>Closes its standard input, as would happen if this process died.</summary>
    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // Its other end is gone already.
        }
    }

    /// <summary>Kills it if it runs, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        _process.Dispose();
    }

    private async Task<int> ObserveAsync()
    {
        var output = Task.WhenAll(PumpAsync(_process.StandardOutput), PumpAsync(_process.StandardError));
        await _process.WaitForExitAsync();
        var exitCode = _process.ExitCode;
        CloseInput();
        await Task.WhenAny(output, Task.Delay(LastOutput));
        lock (_lock)
            _ended = true;
        return exitCode;
    }

    private async Task PumpAsync(StreamReader reader)
    {
        // Off the caller: the constructor must return before the first line is told to anyone.
        await Task.Yield();
        try
        {
            while (await reader.ReadLineAsync() is { } line)
                Receive(line);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The pipe broke with the process.
        }
    }

    private void Receive(string line)
    {
        lock (_lock)
        {
            _lineCount++;
            _kept.Enqueue(line);
            if (_kept.Count > KeptLines)
                _kept.Dequeue();
            foreach (var waiter in _waiters)
            {
                if (waiter.Predicate(line))
                    waiter.Line.TrySetResult(line);
            }
        }

        _onLine?.Invoke(line);
        LineReceived?.Invoke(line);
    }

    private const int SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);

    private sealed record Waiter(Func<string, bool> Predicate)
    {
        public TaskCompletionSource<string> Line { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
