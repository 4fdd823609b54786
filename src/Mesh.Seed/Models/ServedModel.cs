using Mesh.Messages;

namespace Mesh.Seed.Models;

/// <summary>
/// OIP's datatypes that ONNX Runtime can run here. BF16 is OIP's too and is refused, as Triton refuses it in JSON.
/// </summary>
public enum TensorDatatype
{
    BOOL,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    INT8,
    INT16,
    INT32,
    INT64,
    FP16,
    FP32,
    FP64,
    BYTES,
}

/// <summary>An input or output of a model; -1 in <paramref name="Shape"/> is a dimension that each request chooses.</summary>
public sealed record TensorSpec(string Name, TensorDatatype Datatype, IReadOnlyList<long> Shape);

/// <summary>A version of a model that the region can serve, with what was read from its artifact.</summary>
/// <param name="Path">Of the artifact on this seed.</param>
/// <param name="Config">What a config.pbtxt beside the versions adds; null without one.</param>
public sealed record ServedModel(
    ModelReference Reference,
    string Path,
    IReadOnlyList<TensorSpec> Inputs,
    IReadOnlyList<TensorSpec> Outputs,
    ModelConfig? Config = null);
