using System.Diagnostics;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Seed.Routing.History;

namespace Mesh.Seed.WorkStreams;

/// <summary>A vehicle's session as its hello named it.</summary>
/// <param name="DeviceClass">Names the hardware; empty = unknown.</param>
public sealed record StreamSession(VehicleId Vehicle, SessionEpoch Epoch, NodeAddress Member, GeoPoint Place, string DeviceClass)
{
    /// <summary>What inference may use; 0 = unknown.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>How long the car had been parked and plugged in when it said hello.</summary>
    public TimeSpan ParkedFor { get; init; }
}

/// <summary>One attempt to send. The tensors are wrapped, not copied: they stay untouched until its result is there.</summary>
public sealed record OutgoingRequest(
    ulong Attempt,
    ModelReference Model,
    TimeSpan Budget,
    uint Priority,
    IReadOnlyList<RawTensor> Inputs,
    IReadOnlyList<int> Outputs)
{
    /// <summary>Where the attempt is traced; default = nowhere.</summary>
    public ActivityContext Trace { get; init; }
}

/// <summary>
/// A seed's end of one work stream. Callers queue items from any thread; one writer gathers whatever has queued up
/// meanwhile into a frame, so that under load a write is shared by up to <see cref="WorkProtocol.MaxItemsPerFrame"/> items
/// and at low load an item waits for nobody.
/// </summary>
public sealed class WorkStreamConnection(long id, StreamSession session, Action abort)
{
    /// <summary>A seed keeps at most its credits in requests outstanding; beyond this something is wrong with the peer.</summary>
    private const int MaxQueued = 4096;

    private readonly Channel<object> _outgoing = Channel.CreateBounded<object>(
        new BoundedChannelOptions(MaxQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Dictionary<ModelReference, uint> _handles = [];
    private readonly UnitOutbox _units = new();
    private VehicleStatus? _lastStatus;
    private volatile ToldDenials? _denials;

    public long Id { get; } = id;

    public StreamSession Session { get; } = session;

    /// <summary>What the vehicle said of itself last, its hello included; not to be changed.</summary>
    public VehicleStatus LastStatus
    {
        get => Volatile.Read(ref _lastStatus) ?? throw new InvalidOperationException($"{Session.Vehicle} has not said its status yet.");
        internal set => Volatile.Write(ref _lastStatus, value);
    }

    /// <summary>Which rules deny work there, as it said last; null = it never said, for its version does not.</summary>
    public ToldDenials? Denials
    {
        get => _denials;
        internal set => _denials = value;
    }

    /// <summary>What the vehicle said when it took its leave, if it did.</summary>
    public Farewell Farewell { get; internal set; } = Farewell.None;

    /// <summary>False when the stream is gone, or stuck: then it is aborted.</summary>
    public bool TrySend(OutgoingRequest request) => TryQueue(request);

    public bool TryCancel(ulong attempt) => TryQueue(new Cancel(attempt));

    public bool TryWarm(ModelReference model) => TryQueue(new Warm(model));

    /// <summary>
    /// Sends lines of a work unit, behind everything interactive; the first of a number opens the unit. Lines without a
    /// result yet must stay within <see cref="WorkProtocol.UnitWindowLines"/> and <see cref="WorkProtocol.UnitWindowBytes"/>.
    /// </summary>
    /// <param name="last">No more lines follow; there may be none with it.</param>
    /// <returns>False, with nothing sent, when a window is queued here already or the stream is gone.</returns>
    public bool TrySendUnitLines(ulong unit, ulong term, ModelReference model, IReadOnlyList<OutgoingUnitLine> lines, bool last) =>
        _units.TryAdd(unit, term, model, lines, last) && TryQueue(UnitsDue.Instance);

    /// <summary>The results of these lines are durable: the vehicle forgets them.</summary>
    public bool TryAckUnit(ulong unit, IReadOnlyList<int> lines) => TryQueue(new UnitAck { Unit = unit, Lines = { lines.Select(line => (uint)line) } });

    /// <summary>Lines that have not run are dropped, and kept results forgotten. No line of the unit may be sent after it.</summary>
    public bool TryCancelUnit(ulong unit)
    {
        _units.Drop(unit);
        return TryQueue(new UnitCancel(unit));
    }

    /// <summary>The JobRouter is at this seed and in this term: the vehicle sends what it kept. See <see cref="WorkStreamRegistry.AnnounceTerm"/>.</summary>
    public bool TryAnnounceTerm(ulong term) => TryQueue(new Term(term));

    internal bool TryPing(ulong nonce) => TryQueue(new Ping(nonce));

    /// <summary>Ends the stream at once.</summary>
    public void Abort()
    {
        _units.Close();
        // Once: later the request that carried the stream is another's.
        if (_outgoing.Writer.TryComplete())
            abort();
    }

    /// <summary>Writes frames until the stream ends.</summary>
    internal async Task WriteAsync(IServerStreamWriter<SeedFrame> stream, CancellationToken cancellation)
    {
        var reader = _outgoing.Reader;
        while (_units.HasAny || await reader.WaitToReadAsync(cancellation))
        {
            var frame = new SeedFrame();
            var (items, bytes) = (0, 0);
            while (items < WorkProtocol.MaxItemsPerFrame && bytes < WorkProtocol.MaxFrameBytes && reader.TryRead(out var item))
            {
                items++;
                bytes += Add(frame, item);
            }

            if (_units.HasAny && bytes < WorkProtocol.MaxFrameBytes)
                _units.Fill(frame, Handle);

            await stream.WriteAsync(frame, cancellation);
        }
    }

    private bool TryQueue(object item)
    {
        if (_outgoing.Writer.TryWrite(item))
            return true;
        Abort();
        return false;
    }

    private int Add(SeedFrame frame, object item)
    {
        switch (item)
        {
            case OutgoingRequest request:
                var message = new WorkRequest
                {
                    Attempt = request.Attempt,
                    Model = Handle(frame, request.Model),
                    BudgetUs = (ulong)Math.Max(0, request.Budget.TotalMicroseconds),
                    Priority = request.Priority,
                    Trace = WireTrace.ToWire(request.Trace),
                };
                var bytes = 0;
                foreach (var tensor in request.Inputs)
                {
                    message.Inputs.Add(tensor.ToWire());
                    bytes += tensor.Data.Length;
                }

                foreach (var output in request.Outputs)
                    message.Outputs.Add((uint)output);
                frame.Requests.Add(message);
                return bytes;
            case Cancel cancel:
                frame.Cancels.Add(cancel.Attempt);
                return 0;
            case Warm warm:
                frame.Loads.Add(Handle(frame, warm.Model));
                return 0;
            case Ping ping:
                frame.Ping = ping.Nonce;
                return 0;
            case UnitsDue:
                return 0; // It woke the writer; the lines follow once nothing interactive is left.
            case UnitAck ack:
                frame.UnitAcks.Add(ack);
                return 0;
            case UnitCancel cancelled:
                frame.UnitCancels.Add(cancelled.Unit);
                return 0;
            case Term term:
                frame.Term = term.Number;
                return 0;
            default:
                throw new InvalidOperationException($"{item.GetType()} is nothing that a work stream carries.");
        }
    }

    /// <summary>The stream's name for a model; announces it in the frame that names it first, and again when its batching changed.</summary>
    private uint Handle(SeedFrame frame, ModelReference model)
    {
        // Not by its artifact alone: two models may share one, and the owner may consent to only one of them.
        if (_handles.TryGetValue(model, out var handle))
            return handle;
        handle = (uint)_handles.Count + 1;
        _handles[model] = handle;
        frame.Models.Add(Announcement(handle, model));
        return handle;
    }

    private static ModelAnnouncement Announcement(uint handle, ModelReference model) => new()
    {
        Handle = handle,
        Name = model.Name,
        Version = model.Version,
        Sha256 = UnsafeByteOperations.UnsafeWrap(model.Hash.ToBytes()),
        Size = (ulong)model.Size,
        Publisher = model.Publisher,
        Batching = model.Batching is not { } limits ? null : new Batching
        {
            MaxBatchSize = (uint)limits.MaxBatchSize,
            MaxQueueDelayUs = (ulong)limits.MaxQueueDelay.TotalMicroseconds,
        },
    };

    private sealed record Cancel(ulong Attempt);

    private sealed record Warm(ModelReference Model);

    private sealed record Ping(ulong Nonce);

    private sealed record UnitCancel(ulong Unit);

    private sealed record Term(ulong Number);

    private sealed record UnitsDue
    {
        public static UnitsDue Instance { get; } = new();
    }
}
