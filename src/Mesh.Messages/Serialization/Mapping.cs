using Google.Protobuf;
using Mesh.Messages.Control;

namespace Mesh.Messages.Serialization;

/// <summary>Between the message records and their protobuf form, field by field.</summary>
internal static partial class Mapping
{
    public static Proto.LoadModel ToProto(LoadModel m) =>
        new() { Vehicle = m.Vehicle.Value, Model = Model(m.Model), ValidUntilTicks = m.ValidUntil.UtcTicks };

    public static LoadModel FromProto(Proto.LoadModel p) => new(new VehicleId(p.Vehicle), Model(p.Model), Instant(p.ValidUntilTicks));

    public static Proto.UnloadModel ToProto(UnloadModel m) =>
        new() { Vehicle = m.Vehicle.Value, Sha256 = Hash(m.Hash), ValidUntilTicks = m.ValidUntil.UtcTicks };

    public static UnloadModel FromProto(Proto.UnloadModel p) =>
        new(new VehicleId(p.Vehicle), ArtifactHash.FromBytes(p.Sha256.Span), Instant(p.ValidUntilTicks));

    public static Proto.DrainVehicle ToProto(DrainVehicle m) =>
        new() { Vehicle = m.Vehicle.Value, ValidUntilTicks = m.ValidUntil.UtcTicks, ForTicks = m.For.Ticks, By = m.By };

    public static DrainVehicle FromProto(Proto.DrainVehicle p) =>
        new(new VehicleId(p.Vehicle), Instant(p.ValidUntilTicks), TimeSpan.FromTicks(p.ForTicks), p.By);

    public static Proto.VehicleCommand ToProto(ResumeVehicle m) =>
        new() { Vehicle = m.Vehicle.Value, ValidUntilTicks = m.ValidUntil.UtcTicks };

    public static ResumeVehicle ResumeFromProto(Proto.VehicleCommand p) => new(new VehicleId(p.Vehicle), Instant(p.ValidUntilTicks));

    public static Proto.VehicleOnly ToProto(GetVehicleStatistics m) => new() { Vehicle = m.Vehicle.Value };

    public static GetVehicleStatistics GetStatisticsFromProto(Proto.VehicleOnly p) => new(new VehicleId(p.Vehicle));

    public static Proto.VehicleOnly ToProto(VehicleDone m) => new() { Vehicle = m.Vehicle.Value };

    public static VehicleDone DoneFromProto(Proto.VehicleOnly p) => new(new VehicleId(p.Vehicle));

    public static Proto.VehicleRefused ToProto(VehicleRefused m) => new() { Vehicle = m.Vehicle.Value, Reason = m.Reason };

    public static VehicleRefused FromProto(Proto.VehicleRefused p) => new(new VehicleId(p.Vehicle), p.Reason);

    public static Proto.RunInference ToProto(RunInference m) =>
        new()
        {
            Vehicle = m.Vehicle.Value,
            Model = Model(m.Model),
            Inputs = { m.Inputs.Select(Tensor) },
            DeadlineTicks = m.Deadline.UtcTicks,
        };

    public static RunInference FromProto(Proto.RunInference p) =>
        new(new VehicleId(p.Vehicle), Model(p.Model), [.. p.Inputs.Select(Tensor)], Instant(p.DeadlineTicks));

    public static Proto.InferenceRan ToProto(InferenceRan m) =>
        new()
        {
            Vehicle = m.Vehicle.Value,
            Outcome = (int)m.Outcome,
            Error = m.Error,
            Outputs = { m.Outputs.Select(Tensor) },
            Timings = new Proto.Timings
            {
                QueueTicks = m.Timings.Queue.Ticks,
                LoadTicks = m.Timings.Load.Ticks,
                InferTicks = m.Timings.Infer.Ticks,
                CpuTicks = m.Timings.Cpu.Ticks,
                EnergyUj = m.Timings.EnergyUj,
            },
        };

    public static InferenceRan FromProto(Proto.InferenceRan p) =>
        new(
            new VehicleId(p.Vehicle),
            Defined((AttemptOutcome)p.Outcome),
            p.Error,
            [.. p.Outputs.Select(Tensor)],
            new AttemptTimings(
                TimeSpan.FromTicks(Present(p.Timings).QueueTicks),
                TimeSpan.FromTicks(p.Timings.LoadTicks),
                TimeSpan.FromTicks(p.Timings.InferTicks))
            {
                Cpu = TimeSpan.FromTicks(p.Timings.CpuTicks),
                EnergyUj = p.Timings.EnergyUj,
            });

    public static Proto.VehicleStatistics ToProto(VehicleStatistics m) =>
        new()
        {
            Vehicle = m.Vehicle.Value,
            Epoch = m.Epoch.Value,
            Draining = m.Draining,
            Queued = m.Queued,
            Answered = m.Answered,
            Failed = m.Failed,
            InferenceTicks = m.InferenceTime.Ticks,
            Loaded = { m.Loaded.Select(Hash) },
        };

    public static VehicleStatistics FromProto(Proto.VehicleStatistics p) =>
        new(
            new VehicleId(p.Vehicle),
            new SessionEpoch(p.Epoch),
            p.Draining,
            p.Queued,
            p.Answered,
            p.Failed,
            TimeSpan.FromTicks(p.InferenceTicks),
            [.. p.Loaded.Select(hash => ArtifactHash.FromBytes(hash.Span))]);

    public static Proto.SeedInfo ToProto(SeedInfo m) =>
        new() { Region = m.Region.Value, Seed = Node(m.Seed), WorkAddress = m.WorkAddress, Membership = (int)m.Membership };

    public static SeedInfo FromProto(Proto.SeedInfo p) =>
        new(
            new RegionName(p.Region),
            Node(p.Seed),
            p.WorkAddress,
            // What a later program may say besides is nothing to a vehicle, which reads the rest.
            Enum.IsDefined((RegionMembership)p.Membership) ? (RegionMembership)p.Membership : RegionMembership.Unknown);

    public static Proto.SeedReport ToProto(SeedReport m) =>
        new()
        {
            Seed = Node(m.Seed),
            Streams =
            {
                m.Streams.Select(s => new Proto.StreamEntry
                {
                    Vehicle = s.Vehicle.Value,
                    Epoch = s.Epoch.Value,
                    Member = Node(s.Member),
                }),
            },
            Heard = { m.Heard.Select(h => new Proto.HeardSeed { Seed = Node(h.Seed), SilenceTicks = h.Silence.Ticks }) },
        };

    public static SeedReport FromProto(Proto.SeedReport p) =>
        new(
            Node(p.Seed),
            [.. p.Streams.Select(s => new StreamEntry(new VehicleId(s.Vehicle), new SessionEpoch(s.Epoch), Node(s.Member)))],
            [.. p.Heard.Select(h => new HeardSeed(Node(h.Seed), TimeSpan.FromTicks(h.SilenceTicks)))]);

    public static Proto.FleetReport ToProto(FleetReport m) => Report(m.Reporter, m.Sequence, m.At, m.Tallies);

    public static FleetReport ReportFromProto(Proto.FleetReport p) =>
        new(Node(p.Reporter), p.Sequence, Instant(p.AtTicks), [.. p.Tallies.Select(Tally)]);

    public static Proto.FleetReport ToProto(FleetReported m) => Report(m.Reporter, m.Sequence, m.At, m.Tallies);

    public static FleetReported ReportedFromProto(Proto.FleetReport p) =>
        new(Node(p.Reporter), p.Sequence, Instant(p.AtTicks), [.. p.Tallies.Select(Tally)]);

    public static Proto.FleetRecords ToProto(FleetRecords m) =>
        new() { Term = m.Term, Sequence = m.Sequence, Records = { m.Records.Select(Record) }, Departures = Departures(m.Departures) };

    public static FleetRecords FromProto(Proto.FleetRecords p) =>
        new(p.Term, p.Sequence, [.. p.Records.Select(Record)], Departures(p.Departures));

    public static Proto.RouterStatus ToProto(RouterStatus m) =>
        new()
        {
            Seed = Node(m.Seed),
            Term = m.Term,
            JournalSequence = m.JournalSequence,
            Vehicles = m.Vehicles,
            Batches = m.Batches,
            ActiveBatches = m.ActiveBatches,
            OpenUnits = m.OpenUnits,
        };

    public static RouterStatus FromProto(Proto.RouterStatus p) =>
        new(Node(p.Seed), p.Term, p.JournalSequence, p.Vehicles, p.Batches, p.ActiveBatches, p.OpenUnits);

    public static Proto.TermStarted ToProto(TermStarted m) => new() { Term = m.Term, AtTicks = m.At.UtcTicks };

    public static TermStarted FromProto(Proto.TermStarted p) => new(p.Term, Instant(p.AtTicks));

    public static Proto.RouterSnapshot ToProto(RouterSnapshot m) =>
        new()
        {
            Term = m.Term,
            Vehicles = { m.Vehicles.Select(Record) },
            Reporters =
            {
                m.Reporters.Select(r => new Proto.ReporterCursor
                {
                    Reporter = Node(r.Reporter),
                    Sequence = r.Sequence,
                    AtTicks = r.At.UtcTicks,
                }),
            },
            Departures = Departures(m.Departures),
            Batches = Book(m.Batches),
        };

    public static RouterSnapshot FromProto(Proto.RouterSnapshot p) =>
        new(
            p.Term,
            [.. p.Vehicles.Select(Record)],
            [.. p.Reporters.Select(r => new ReporterCursor(Node(r.Reporter), r.Sequence, Instant(r.AtTicks)))],
            p.Batches is null ? BatchBookSnapshot.Empty : Book(p.Batches),
            Departures(p.Departures));

    private static Proto.FleetReport Report(NodeAddress reporter, long sequence, DateTimeOffset at, IReadOnlyList<SessionTally> tallies) =>
        new() { Reporter = Node(reporter), Sequence = sequence, AtTicks = at.UtcTicks, Tallies = { tallies.Select(Tally) } };

    private static Proto.SessionTally Tally(SessionTally t) =>
        new Proto.SessionTally
        {
            Vehicle = t.Vehicle.Value,
            Epoch = t.Epoch.Value,
            Answered = t.Answered,
            Failed = t.Failed,
            Lost = t.Lost,
            Ended = (int)(t.Ended ?? 0),
        }.With(tally =>
        {
            if (t.ParkedAt is { } parked)
                tally.ParkedAtTicks = parked.UtcTicks;
            if (t.LeftAt is { } left)
                tally.LeftAtTicks = left.UtcTicks;
        });

    private static SessionTally Tally(Proto.SessionTally p) =>
        new(
            new VehicleId(p.Vehicle),
            new SessionEpoch(p.Epoch),
            p.Answered,
            p.Failed,
            p.Lost,
            p.Ended == 0 ? null : Defined((DepartureKind)p.Ended),
            p.HasParkedAtTicks ? Instant(p.ParkedAtTicks) : null,
            p.HasLeftAtTicks ? Instant(p.LeftAtTicks) : null);

    private static Proto.VehicleRecord Record(VehicleRecord r) =>
        new Proto.VehicleRecord
        {
            Vehicle = r.Vehicle.Value,
            LastEpoch = r.LastEpoch.Value,
            LastEnded = r.LastEnded.Value,
            FirstSeenTicks = r.FirstSeen.UtcTicks,
            LastSeenTicks = r.LastSeen.UtcTicks,
            Sessions = r.Sessions,
            Planned = r.PlannedDepartures,
            Vanished = r.VanishedDepartures,
            Answered = r.Answered,
            Failed = r.Failed,
            Lost = r.Lost,
            Departures = { r.Departures ?? [] },
        }.With(record =>
        {
            if (r.ParkedAt is { } parked)
                record.ParkedAtTicks = parked.UtcTicks;
            if (r.LeftAt is { } left)
                record.LeftAtTicks = left.UtcTicks;
        });

    private static VehicleRecord Record(Proto.VehicleRecord p) =>
        new(
            new VehicleId(p.Vehicle),
            new SessionEpoch(p.LastEpoch),
            new SessionEpoch(p.LastEnded),
            Instant(p.FirstSeenTicks),
            Instant(p.LastSeenTicks),
            p.Sessions,
            p.Planned,
            p.Vanished,
            p.Answered,
            p.Failed,
            p.Lost,
            p.HasParkedAtTicks ? Instant(p.ParkedAtTicks) : null,
            p.HasLeftAtTicks ? Instant(p.LeftAtTicks) : null,
            [.. p.Departures]);

    private static Proto.FleetDepartures? Departures(FleetDepartures? d) =>
        d is null ? null : new() { Departures = { d.Departures }, Hours = { d.Hours } };

    private static FleetDepartures? Departures(Proto.FleetDepartures? p) => p is null ? null : new([.. p.Departures], [.. p.Hours]);

    private static Proto.Model Model(ModelReference m) =>
        new() { Name = m.Name, Version = m.Version, Sha256 = Hash(m.Hash), Size = m.Size, Publisher = m.Publisher };

    private static ModelReference Model(Proto.Model? p) =>
        new(Present(p).Name, p!.Version, ArtifactHash.FromBytes(p.Sha256.Span), p.Size) { Publisher = p.Publisher };

    private static Proto.Tensor Tensor(RawTensor t) => new() { Shape = { t.Shape }, Data = UnsafeByteOperations.UnsafeWrap(t.Data) };

    private static RawTensor Tensor(Proto.Tensor p) => new([.. p.Shape], p.Data.Memory);

    private static Proto.NodeAddress Node(NodeAddress a) => new() { Address = a.Address, Uid = a.Uid };

    private static NodeAddress Node(Proto.NodeAddress? p) => new(Present(p).Address, p!.Uid);

    private static ByteString Hash(ArtifactHash hash) => ByteString.CopyFrom(hash.ToBytes());

    private static DateTimeOffset Instant(long utcTicks) => new(utcTicks, TimeSpan.Zero);

    /// <summary>For fields that are absent where the record says null: protobuf's setters take no null.</summary>
    private static T With<T>(this T message, Action<T> set)
    {
        set(message);
        return message;
    }

    private static T Present<T>(T? part) where T : class =>
        part ?? throw new FormatException($"the part '{typeof(T).Name}' is missing");

    private static T Defined<T>(T value) where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new FormatException($"{value} is no {typeof(T).Name}");
}
