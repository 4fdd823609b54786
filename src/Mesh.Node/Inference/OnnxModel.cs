using Mesh.Messages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.Node.Inference;

/// <summary>How one run ended; outputs only when Ok, an error only when not.</summary>
internal readonly record struct RunResult(AttemptOutcome Outcome, string Error, IReadOnlyList<RawTensor> Outputs)
{
    public static RunResult Of(AttemptOutcome outcome, string error) => new(outcome, error, []);
}

/// <summary>A model loaded into ONNX Runtime. Several threads may run it at once.</summary>
internal sealed class OnnxModel : IDisposable
{
    private const int MaxErrorLength = 500;
    private const string InvalidArgument = "[ErrorCode:InvalidArgument]";

    private readonly InferenceSession _session;
    private readonly string[] _inputNames;
    private readonly TensorElementType[] _inputTypes;
    private readonly string[] _outputNames;

    private OnnxModel(InferenceSession session)
    {
        _session = session;
        _inputNames = [.. session.InputNames];
        _outputNames = [.. session.OutputNames];
        _inputTypes = [.. _inputNames.Select(name => ServedType("Input", name, session.InputMetadata[name]))];
        var outputTypes = _outputNames.Select(name => ServedType("Output", name, session.OutputMetadata[name])).ToArray();
        OutputIsFloat = [.. outputTypes.Select(type => type == TensorElementType.Float)];
        HasFreeFirstDimension = session.InputMetadata.Values.Concat(session.OutputMetadata.Values)
            .All(tensor => tensor.Dimensions is [< 0, ..] && tensor.ElementDataType != TensorElementType.String);
    }

    /// <summary>Every input and output leaves its first dimension open, and none is BYTES: rows can stand one after the other.</summary>
    public bool HasFreeFirstDimension { get; }

    /// <summary>By the outputs' positions.</summary>
    public IReadOnlyList<bool> OutputIsFloat { get; }

    /// <summary>Blocks while ONNX Runtime reads and optimises the graph: up to seconds for a large one.</summary>
    /// <param name="cancellation">Ends it soon, at one of the points where ONNX Runtime looks.</param>
    /// <exception cref="ModelUnavailableException">The file is no model that can be served; the message says why.</exception>
    public static OnnxModel Load(string path, int intraOpThreads, CancellationToken cancellation = default)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = intraOpThreads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,

            // Errors come back as exceptions; its own log would print values of the request.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };

        // A pool of one thread never spins. A larger one would burn a parked car's charge between runs and take cores
        // from the actor system, to save some microseconds at the start of each parallel loop.
        if (intraOpThreads > 1)
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        using var ending = cancellation.Register(static options => ((SessionOptions)options!).SetLoadCancellationFlag(true), options);
        InferenceSession? session = null;
        try
        {
            session = new InferenceSession(path, options);
            return new OnnxModel(session);
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            session?.Dispose();
            throw new OperationCanceledException(cancellation);
        }
        catch (OnnxRuntimeException refused)
        {
            session?.Dispose();
            var reason = Short(refused.Message.Replace(path, "the artifact", StringComparison.Ordinal)); // a vehicle's folders are its own
            throw new ModelUnavailableException($"ONNX Runtime cannot load it: {reason}", refused);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Runs once. Never throws for what the inputs or the model do: the result says it.</summary>
    /// <param name="inputs">In the order of the model's inputs.</param>
    /// <param name="outputs">Positions among the model's outputs; none = all.</param>
    /// <param name="termination">Of this run alone.</param>
    public RunResult Run(IReadOnlyList<RawTensor> inputs, IReadOnlyList<int> outputs, RunTermination termination)
    {
        using var bound = new RawTensors(_inputNames.Length);
        try
        {
            var names = NamesOf(outputs);
            Bind(inputs, bound);
            using var values = _session.Run(termination.Start(), _inputNames, bound.Values, names);
            return termination.IsRequested
                ? RunResult.Of(AttemptOutcome.Cancelled, "Cancelled while it ran.")
                : new RunResult(AttemptOutcome.Ok, "", [.. values.Select(RawTensors.ToRaw)]);
        }
        catch (InvalidTensorException invalid)
        {
            return RunResult.Of(AttemptOutcome.Invalid, invalid.Message);
        }
        catch (Exception) when (termination.IsRequested)
        {
            return RunResult.Of(AttemptOutcome.Cancelled, "Cancelled while it ran.");
        }
        catch (OnnxRuntimeException refused) when (refused.Message.StartsWith(InvalidArgument, StringComparison.Ordinal))
        {
            // The exception carries its code in the text only.
            var reason = Short(refused.Message[InvalidArgument.Length..].Trim());
            return RunResult.Of(AttemptOutcome.Invalid, $"The model refuses this input: {reason}");
        }
        catch (Exception failed)
        {
            return RunResult.Of(AttemptOutcome.Failed, $"The run failed: {Short(failed.Message)}");
        }
        finally
        {
            termination.Finish();
        }
    }

    public void Dispose() => _session.Dispose();

    private static TensorElementType ServedType(string side, string name, NodeMetadata metadata)
    {
        if (!metadata.IsTensor)
            throw new ModelUnavailableException($"{side} '{name}' is a {metadata.OnnxValueType}; only tensors are served.");
        return RawTensors.ElementSize(metadata.ElementDataType) is null
            ? throw new ModelUnavailableException($"{side} '{name}' has type {metadata.ElementDataType}, which is not served.")
            : metadata.ElementDataType;
    }

    private static string Short(string text) => text.Length <= MaxErrorLength ? text : text[..MaxErrorLength] + "…";

    private void Bind(IReadOnlyList<RawTensor> inputs, RawTensors bound)
    {
        if (inputs.Count != _inputNames.Length)
            throw new InvalidTensorException($"The model has {_inputNames.Length} inputs, but {inputs.Count} tensors came.");
        for (var i = 0; i < inputs.Count; i++)
            bound.Add(inputs[i], _inputNames[i], _inputTypes[i]);
    }

    private string[] NamesOf(IReadOnlyList<int> outputs)
    {
        if (outputs.Count == 0)
            return _outputNames;
        var names = new string[outputs.Count];
        for (var i = 0; i < names.Length; i++)
        {
            if (outputs[i] < 0 || outputs[i] >= _outputNames.Length)
                throw new InvalidTensorException($"Output {outputs[i]} was asked; the model has {_outputNames.Length} outputs.");
            names[i] = _outputNames[outputs[i]];
        }

        return names.Distinct(StringComparer.Ordinal).Count() == names.Length
            ? names
            : throw new InvalidTensorException("An output was asked twice.");
    }
}
