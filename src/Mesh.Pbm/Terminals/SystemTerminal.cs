using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Pbm.Terminals;

/// <summary>The process's own input and output.</summary>
internal sealed class SystemTerminal : ITerminal
{
    private const int DefaultWidth = 80;
    private const int DefaultHeight = 24;

    public SystemTerminal()
    {
        IsOutTerminal = !Console.IsOutputRedirected && Variable("TERM") != "dumb";
        Out = OpenOut();
    }

    public TextWriter Out { get; }

    public TextWriter Error => Console.Error;

    public TextReader In => Console.In;

    public bool IsOutTerminal { get; }

    public bool IsErrorTerminal => !Console.IsErrorRedirected && Variable("TERM") != "dumb";

    public bool IsInTerminal => !Console.IsInputRedirected;

    public int Width => Console.WindowWidth is > 0 and var width ? width : DefaultWidth;

    public int Height => Console.WindowHeight is > 0 and var height ? height : DefaultHeight;

    public bool HasKey => Console.KeyAvailable;

    public string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    public ConsoleKeyInfo ReadKey()
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return Console.ReadKey(intercept: true);
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    public IDisposable Uninterrupted() => PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);

    public IInterruption Interruption() => new SignalInterruption();

    /// <summary>
    /// The console's own stream says nothing of a reader that has gone, so that a tail would run for ever behind <c>| head</c>. Only
    /// for pipes: in a file this stream would write at a position of its own, over what others append.
    /// </summary>
    private static StreamWriter OpenOut()
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!stream.CanSeek)
                return new StreamWriter(stream, utf8);
        }

        return new StreamWriter(Console.OpenStandardOutput(), utf8);
    }

    private sealed class SignalInterruption : IInterruption
    {
        private readonly CancellationTokenSource _source = new();
        private readonly PosixSignalRegistration _interrupt;
        private readonly PosixSignalRegistration _terminate;

        public SignalInterruption()
        {
            _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
            _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        }

        public CancellationToken Token => _source.Token;

        public void Dispose()
        {
            _interrupt.Dispose();
            _terminate.Dispose();
            _source.Dispose();
        }

        private void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            try
            {
                _source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The command ended at the same moment.
            }
        }
    }
}
