namespace Mesh.Seed.Models;

/// <summary>What Mesh understands of Triton's config.pbtxt. Everything in it is optional.</summary>
/// <param name="MaxBatchSize">0 = dims are the whole shape; otherwise dims leave out a first dimension of at most this size.</param>
/// <param name="MaxQueueDelay">How long a batcher may hold a request back; null without <c>dynamic_batching</c>.</param>
/// <param name="IgnoredFields">Fields of Triton's that have no effect here.</param>
public sealed record ModelConfig(
    string? Name,
    string? Platform,
    string? Backend,
    int MaxBatchSize,
    IReadOnlyList<ConfiguredTensor> Inputs,
    IReadOnlyList<ConfiguredTensor> Outputs,
    TimeSpan? MaxQueueDelay,
    IReadOnlyList<string> IgnoredFields)
{
    /// <summary>What the parameter <c>mesh_device_class</c> demands, as in <see cref="Messages.ModelReference.DeviceClasses"/>.</summary>
    public string DeviceClasses { get; init; } = "";

    /// <summary>What the parameter <c>mesh_publisher</c> tells, as in <see cref="Messages.ModelReference.Publisher"/>.</summary>
    public string Publisher { get; init; } = "";
}

/// <summary>An <c>input</c> or <c>output</c> block; null = not told.</summary>
public sealed record ConfiguredTensor(string Name, TensorDatatype? Datatype, IReadOnlyList<long>? Dims);
