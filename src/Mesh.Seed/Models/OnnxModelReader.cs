using System.Security.Cryptography;
using Mesh.Messages;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Mesh.Seed.Models;

/// <summary>An artifact or configuration that cannot be served; the message is the reason in the repository index.</summary>
public sealed class ModelUnavailableException(string reason) : Exception(reason);

/// <summary>Reads what a model says about itself, with the library that will run it on the vehicles.</summary>
internal static class OnnxModelReader
{
    /// <summary>
    /// Hashes and opens the same bytes in memory: a file that changes meanwhile cannot get another one's hash, and a
    /// model that keeps its weights in a second file is refused here, not on the vehicles that would fetch only the first.
    /// </summary>
    /// <exception cref="ModelUnavailableException">The content is not a model that can be served.</exception>
    /// <exception cref="IOException">The file cannot be read now.</exception>
    public static ServedModel Read(string path, string name, string version)
    {
        var bytes = ReadBytes(path);
        try
        {
            using var options = new OrtSessionOptions
            {
                // Only the metadata matters here: optimising and planning memory are the vehicles' work.
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
                IntraOpNumThreads = 1,
                InterOpNumThreads = 1,
                EnableCpuMemArena = false,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            };
            using var session = new InferenceSession(bytes, options);
            var reference = new ModelReference(name, version, ArtifactHash.FromBytes(SHA256.HashData(bytes)), bytes.Length);
            var inputs = session.InputNames.Select(input => Spec("input", input, session.InputMetadata[input])).ToArray();
            var outputs = session.OutputNames.Select(output => Spec("output", output, session.OutputMetadata[output])).ToArray();
            OnnxRanks.Check(bytes, inputs, outputs);
            return new ServedModel(reference, path, inputs, outputs);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelUnavailableException($"{Path.GetFileName(path)} cannot be loaded (corrupt, truncated or not supported): {e.Message}");
        }
    }

    private static byte[] ReadBytes(string path)
    {
        var length = new FileInfo(path).Length;
        if (length == 0)
            throw new ModelUnavailableException($"{Path.GetFileName(path)} is empty (0 bytes).");
        if (length > Array.MaxLength)
            throw new ModelUnavailableException($"{Path.GetFileName(path)} has {length} bytes; at most {Array.MaxLength} can be served.");
        return File.ReadAllBytes(path);
    }

    private static TensorSpec Spec(string role, string name, NodeMetadata metadata)
    {
        if (metadata.OnnxValueType != OnnxValueType.ONNX_TYPE_TENSOR)
        {
            throw new ModelUnavailableException(
                $"{role} '{name}' is a {Kind(metadata.OnnxValueType)}; the Open Inference Protocol carries only tensors.");
        }

        var shape = metadata.Dimensions.Select(dimension => dimension < 0 ? -1L : dimension).ToArray();
        return new TensorSpec(name, Datatype(role, name, metadata.ElementDataType), shape);
    }

    private static string Kind(OnnxValueType type) => type switch
    {
        OnnxValueType.ONNX_TYPE_SEQUENCE => "sequence",
        OnnxValueType.ONNX_TYPE_MAP => "map",
        OnnxValueType.ONNX_TYPE_OPTIONAL => "optional value",
        OnnxValueType.ONNX_TYPE_SPARSETENSOR => "sparse tensor",
        OnnxValueType.ONNX_TYPE_OPAQUE => "opaque value",
        _ => $"value of type {type}",
    };

    private static TensorDatatype Datatype(string role, string name, TensorElementType type) => type switch
    {
        TensorElementType.Bool => TensorDatatype.BOOL,
        TensorElementType.UInt8 => TensorDatatype.UINT8,
        TensorElementType.UInt16 => TensorDatatype.UINT16,
        TensorElementType.UInt32 => TensorDatatype.UINT32,
        TensorElementType.UInt64 => TensorDatatype.UINT64,
        TensorElementType.Int8 => TensorDatatype.INT8,
        TensorElementType.Int16 => TensorDatatype.INT16,
        TensorElementType.Int32 => TensorDatatype.INT32,
        TensorElementType.Int64 => TensorDatatype.INT64,
        TensorElementType.Float16 => TensorDatatype.FP16,
        TensorElementType.Float => TensorDatatype.FP32,
        TensorElementType.Double => TensorDatatype.FP64,
        TensorElementType.String => TensorDatatype.BYTES,
        TensorElementType.BFloat16 => throw new ModelUnavailableException($"{role} '{name}' has datatype BF16, which is not served here."),
        _ => throw new ModelUnavailableException($"{role} '{name}' has element type {type}, for which the Open Inference Protocol has no datatype."),
    };
}
