namespace Mesh.Messages.Control;

// The protocol of a vehicle's sharded InferenceActor. Callers are inside the cluster: seeds and operators.
// Every command carries the time it stays valid, because a shard buffers messages while its car is away.

/// <summary>Fetch and load a model ahead of its first request. Answer: <see cref="VehicleDone"/> or <see cref="VehicleRefused"/>.</summary>
public sealed record LoadModel(VehicleId Vehicle, ModelReference Model, DateTimeOffset ValidUntil) : IVehicleMessage;

/// <summary>Release a model's memory. Answer: <see cref="VehicleDone"/> or <see cref="VehicleRefused"/>.</summary>
public sealed record UnloadModel(VehicleId Vehicle, ArtifactHash Hash, DateTimeOffset ValidUntil) : IVehicleMessage;

/// <summary>
/// Finish what runs, hand back the rest, and take no more until <see cref="ResumeVehicle"/> or the time is over, in later sessions
/// neither. Answer: <see cref="VehicleDone"/> or <see cref="VehicleRefused"/>.
/// </summary>
/// <param name="For">From its arrival; zero = as long as the vehicle does by itself.</param>
/// <param name="By">The operator who asks; empty = not told.</param>
public sealed record DrainVehicle(VehicleId Vehicle, DateTimeOffset ValidUntil, TimeSpan For = default, string By = "") : IVehicleMessage;

/// <summary>Take work again after <see cref="DrainVehicle"/>. Answer: <see cref="VehicleDone"/>.</summary>
public sealed record ResumeVehicle(VehicleId Vehicle, DateTimeOffset ValidUntil) : IVehicleMessage;

/// <summary>Answer: <see cref="VehicleStatistics"/>.</summary>
public sealed record GetVehicleStatistics(VehicleId Vehicle) : IVehicleMessage;

/// <summary>
/// One inference by message, for callers inside the cluster; clients' requests take the work stream.
/// Tensors in the order of the model's inputs. Answer: <see cref="InferenceRan"/>.
/// </summary>
public sealed record RunInference(
    VehicleId Vehicle,
    ModelReference Model,
    IReadOnlyList<RawTensor> Inputs,
    DateTimeOffset Deadline) : IVehicleMessage;

/// <summary>Outputs in the model's order, empty unless <paramref name="Outcome"/> is Ok; then <paramref name="Error"/> is empty.</summary>
public sealed record InferenceRan(
    VehicleId Vehicle,
    AttemptOutcome Outcome,
    string Error,
    IReadOnlyList<RawTensor> Outputs,
    AttemptTimings Timings) : IMeshMessage;

public sealed record VehicleDone(VehicleId Vehicle) : IMeshMessage;

public sealed record VehicleRefused(VehicleId Vehicle, string Reason) : IMeshMessage;

/// <summary>Counts since the vehicle's process started.</summary>
public sealed record VehicleStatistics(
    VehicleId Vehicle,
    SessionEpoch Epoch,
    bool Draining,
    int Queued,
    long Answered,
    long Failed,
    TimeSpan InferenceTime,
    IReadOnlyList<ArtifactHash> Loaded) : IMeshMessage;
