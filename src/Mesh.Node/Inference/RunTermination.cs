using Microsoft.ML.OnnxRuntime;

namespace Mesh.Node.Inference;

/// <summary>
/// Ends one run from another thread. ONNX Runtime takes the options' native pointer without holding it, so setting the
/// flag and releasing the options exclude each other here; a request before the run starts is not lost.
/// </summary>
internal sealed class RunTermination
{
    private readonly Lock _gate = new();
    private RunOptions? _options;
    private bool _requested;

    public bool IsRequested => Volatile.Read(ref _requested);

    /// <summary>Fresh options for the one run: a terminated set would end every later run as well.</summary>
    public RunOptions Start()
    {
        var options = new RunOptions();
        lock (_gate)
        {
            if (_requested)
                options.Terminate = true;
            _options = options;
        }

        return options;
    }

    /// <summary>Ends the run at its next node, or as soon as it starts; without effect once it is over.</summary>
    public void Request()
    {
        lock (_gate)
        {
            Volatile.Write(ref _requested, true);
            if (_options is not null)
                _options.Terminate = true;
        }
    }

    /// <summary>Releases the options. Only after the run returned.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            _options?.Dispose();
            _options = null;
        }
    }
}
