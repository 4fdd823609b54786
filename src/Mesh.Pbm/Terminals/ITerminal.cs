namespace Mesh.Pbm.Terminals;

/// <summary>What pbm reads from and writes to: a person's terminal, or files and pipes.</summary>
internal interface ITerminal
{
    TextWriter Out { get; }

    TextWriter Error { get; }

    TextReader In { get; }

    bool IsOutTerminal { get; }

    bool IsErrorTerminal { get; }

    bool IsInTerminal { get; }

    /// <summary>Columns now; only where <see cref="IsOutTerminal"/>.</summary>
    int Width { get; }

    /// <summary>Lines now; only where <see cref="IsOutTerminal"/>.</summary>
    int Height { get; }

    /// <summary>Null = not set, or empty.</summary>
    string? Variable(string name);

    /// <summary>The next key that is pressed; Ctrl-C is one. Only where <see cref="IsInTerminal"/>.</summary>
    ConsoleKeyInfo ReadKey();

    /// <summary>More keys are there already, as when a text is pasted.</summary>
    bool HasKey { get; }

    /// <summary>Ctrl-C between two commands ends nothing, until it is disposed.</summary>
    IDisposable Uninterrupted();

    /// <summary>Cancelled by Ctrl-C and by SIGTERM, from now until it is disposed.</summary>
    IInterruption Interruption();
}

internal interface IInterruption : IDisposable
{
    CancellationToken Token { get; }
}
