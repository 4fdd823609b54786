using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches;

// Between the JobRouter, which decides about batches, and the runs that carry them out on its seed.

/// <summary>Something that a run or a work stream tells the desk.</summary>
public interface IDeskCommand;

/// <summary>Of a run of a batch; of a former run of it, it is ignored.</summary>
public interface IRunCommand : IDeskCommand
{
    long Run { get; }

    string Batch { get; }
}

/// <summary>The input file was read through. With faults nothing of it can be run.</summary>
/// <param name="Model">Null while it is away: <see cref="ModelFound"/> follows.</param>
public sealed record BatchScanned(long Run, string Batch, int Lines, IReadOnlyList<BatchFault> Faults, ModelReference? Model) : IRunCommand;

/// <summary>The model is there, which was away when the run began: lines can be run.</summary>
public sealed record ModelFound(long Run, string Batch, ModelReference Model) : IRunCommand;

/// <summary>The run cannot go on; it has ended, and another one is to be tried.</summary>
public sealed record RunFailed(long Run, string Batch, string Reason) : IRunCommand;

/// <summary>Lines whose results are durable in the blob store. The run waits for <see cref="ConfirmOutcomes"/>.</summary>
public sealed record OutcomesWritten(
    long Run, string Batch, long Ticket, IReadOnlyList<UnitOutcomes> Units, BlobReference? Results, BlobReference? Errors) : IRunCommand;

/// <summary>Everything that arrived of a unit is recorded, and nothing more of it will be taken.</summary>
/// <param name="How">Null when all of its lines have their outcome.</param>
/// <param name="SecondsPerLine">Measured; null when it was too short for that.</param>
/// <param name="Answered">Lines that the vehicle ran, or refused for what is in them: it can run the model.</param>
/// <param name="GivenUp">Lines that the vehicle said it cannot run.</param>
public sealed record UnitClosed(
    long Run, string Batch, ulong Unit, VehicleId Vehicle, UnitEnd? How, double? SecondsPerLine, int Answered, IReadOnlyList<LineRange> GivenUp) : IRunCommand;

/// <summary>A batch's recorded lines, joined to few parts.</summary>
public sealed record PartsJoined(long Run, string Batch, IReadOnlyList<BlobReference> Results, IReadOnlyList<BlobReference> Errors) : IRunCommand;

/// <summary>A vehicle has sent every result that it had kept for earlier terms and streams.</summary>
public sealed record VehicleToldAll(StreamId Stream) : IDeskCommand;

/// <summary>A change of what the desk knows beside the journal; gone with the term.</summary>
public interface IDeskEvent;

/// <summary>Numbers of runs and what is kept in mind belong to this term.</summary>
public sealed record TookOffice(long Term) : IDeskEvent;

public sealed record RunStaged(string Batch, RunStage Stage, long Run, TimeSpan? RetryAt, ModelReference? Model) : IDeskEvent;

/// <summary>The unit is out on a stream, or (null) with a vehicle that has to come back.</summary>
/// <param name="Since">It was leased, or adopted.</param>
/// <param name="Until">Something has to be heard of it by then.</param>
/// <param name="How">It ends otherwise.</param>
/// <param name="VanishedAt">Its vehicle's stream broke without a word; null while it did not.</param>
public sealed record UnitHeld(ulong Unit, StreamId? Stream, TimeSpan Since, TimeSpan Until, UnitEnd How, TimeSpan? VanishedAt = null) : IDeskEvent;

/// <summary>Its run was told to close it.</summary>
public sealed record UnitEnding(ulong Unit) : IDeskEvent;

/// <param name="DeviceClass">Of the vehicle; empty = unknown.</param>
public sealed record SpeedMeasured(VehicleId Vehicle, string DeviceClass, ArtifactHash Model, double SecondsPerLine) : IDeskEvent;

/// <summary>The vehicle answered lines of the model.</summary>
public sealed record VehicleProven(VehicleId Vehicle, ArtifactHash Model) : IDeskEvent;

/// <summary>The vehicle took or could run nothing of a unit: it gets none of the model until then.</summary>
/// <param name="InARow">How often that has been now, without an answer in between.</param>
/// <param name="Unable">It tried, and could not.</param>
public sealed record VehicleRested(VehicleId Vehicle, ArtifactHash Model, TimeSpan Until, int InARow, bool Unable) : IDeskEvent;

/// <summary>The vehicle could not run these lines.</summary>
public sealed record LinesFailed(string Batch, VehicleId Vehicle, IReadOnlyList<LineRange> Lines) : IDeskEvent;

/// <summary>A vehicle was lost with these lines.</summary>
/// <param name="Alone">Null when it had other lines as well.</param>
public sealed record LinesLost(string Batch, IReadOnlyList<LineRange> Lines, LoneLoss? Alone) : IDeskEvent;

/// <summary>A unit that several lines shared was out for so long.</summary>
public sealed record LeaseOver(bool Lost, TimeSpan Lasted) : IDeskEvent;

/// <summary>The run was told to write these lines off: they wait for nobody but it.</summary>
public sealed record LinesWrittenOff(string Batch, IReadOnlyList<LineRange> Lines) : IDeskEvent;

public sealed record Swept(DateTimeOffset At) : IDeskEvent;

public enum RunStage
{
    /// <summary>No run, or the last one failed.</summary>
    Absent,

    /// <summary>It reads the input file through.</summary>
    Opening,

    Open,

    /// <summary>It writes error lines for what will not be run.</summary>
    ClosingOut,

    /// <summary>It joins the parts of the output.</summary>
    Joining,
}

/// <summary>What is to be done once the events are durable and applied.</summary>
public interface IDeskEffect;

/// <summary>Start a run of the batch and let it read its input file through.</summary>
/// <param name="Counted">The file is known to be good, and how many lines it has.</param>
/// <param name="Closing">Nothing will be run any more: neither the model nor, once they are counted, where the lines are is needed.</param>
public sealed record OpenRun(long Run, string Batch, NewBatch Request, FileEntry Input, bool Counted, bool Closing) : IDeskEffect;

/// <summary>Take results of a unit that was leased before this run began.</summary>
public sealed record AdoptUnit(string Batch, ulong Unit, VehicleId Vehicle, IReadOnlyList<LineRange> Lines) : IDeskEffect;

public sealed record StartUnit(string Batch, ulong Unit, VehicleId Vehicle, StreamId Stream, IReadOnlyList<LineRange> Lines) : IDeskEffect;

/// <summary>Take no more of the unit, record what has arrived and tell <see cref="UnitClosed"/>.</summary>
public sealed record EndUnit(string Batch, ulong Unit, UnitEnd How) : IDeskEffect;

/// <summary>Give these lines an error line each.</summary>
/// <param name="Code">Null = as a request that failed, with HTTP's 500.</param>
/// <param name="Unread">The input file cannot be read: without their custom ids.</param>
public sealed record CloseOut(string Batch, IReadOnlyList<LineRange> Lines, string? Code, string Message, bool Unread) : IDeskEffect;

public sealed record JoinParts(long Run, string Batch, IReadOnlyList<BlobReference> Results, IReadOnlyList<BlobReference> Errors) : IDeskEffect;

public sealed record ConfirmOutcomes(string Batch, long Run, long Ticket) : IDeskEffect;

public sealed record CloseRun(string Batch) : IDeskEffect;

/// <summary>Vehicles shall send what they kept, and say so.</summary>
public sealed record AskVehicles : IDeskEffect
{
    public static AskVehicles Instance { get; } = new();
}

public sealed record RemoveBlobs(IReadOnlyList<BlobReference> Blobs) : IDeskEffect;

/// <summary>Events to journal, events to keep in mind, and effects to carry out after both, in order.</summary>
public sealed record DeskDecision(
    IReadOnlyList<IBatchEvent> Journaled, IReadOnlyList<IDeskEvent> Noted, IReadOnlyList<IDeskEffect> Effects)
{
    public static DeskDecision Nothing { get; } = new([], [], []);

    public bool IsNothing => Journaled.Count == 0 && Noted.Count == 0 && Effects.Count == 0;
}
