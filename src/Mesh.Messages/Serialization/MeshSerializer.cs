using System.Collections.Frozen;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using Mesh.Messages.Control;

namespace Mesh.Messages.Serialization;

/// <summary>
/// The one serializer of every <see cref="IMeshMessage"/>: protobuf with a short manifest. A type without an entry here
/// cannot leave its process; bytes that are not what their manifest says are refused with a
/// <see cref="SerializationException"/>, which Akka.Remote logs and drops.
/// </summary>
public sealed class MeshSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    // 0 to 100 are Akka's own.
    public const int Id = 4100;

    private static readonly Form[] Forms =
    [
        Form.Of<LoadModel, Proto.LoadModel>("lm", Mapping.ToProto, Mapping.FromProto),
        Form.Of<UnloadModel, Proto.UnloadModel>("um", Mapping.ToProto, Mapping.FromProto),
        Form.Of<DrainVehicle, Proto.DrainVehicle>("dv", Mapping.ToProto, Mapping.FromProto),
        Form.Of<ResumeVehicle, Proto.VehicleCommand>("rv", Mapping.ToProto, Mapping.ResumeFromProto),
        Form.Of<GetVehicleStatistics, Proto.VehicleOnly>("gvs", Mapping.ToProto, Mapping.GetStatisticsFromProto),
        Form.Of<VehicleDone, Proto.VehicleOnly>("vd", Mapping.ToProto, Mapping.DoneFromProto),
        Form.Of<VehicleRefused, Proto.VehicleRefused>("vr", Mapping.ToProto, Mapping.FromProto),
        Form.Of<RunInference, Proto.RunInference>("ri", Mapping.ToProto, Mapping.FromProto),
        Form.Of<InferenceRan, Proto.InferenceRan>("ir", Mapping.ToProto, Mapping.FromProto),
        Form.Of<VehicleStatistics, Proto.VehicleStatistics>("vs", Mapping.ToProto, Mapping.FromProto),
        Form.Of<GetSeedInfo, Proto.Empty>("gsi", _ => new Proto.Empty(), _ => GetSeedInfo.Instance),
        Form.Of<SeedInfo, Proto.SeedInfo>("si", Mapping.ToProto, Mapping.FromProto),
        Form.Of<SeedReport, Proto.SeedReport>("sr", Mapping.ToProto, Mapping.FromProto),
        Form.Of<FleetReport, Proto.FleetReport>("fr", Mapping.ToProto, Mapping.ReportFromProto),
        Form.Of<FleetRecords, Proto.FleetRecords>("frs", Mapping.ToProto, Mapping.FromProto),
        Form.Of<GetRouterStatus, Proto.Empty>("grs", _ => new Proto.Empty(), _ => GetRouterStatus.Instance),
        Form.Of<RouterStatus, Proto.RouterStatus>("rs", Mapping.ToProto, Mapping.FromProto),
        Form.Of<TermStarted, Proto.TermStarted>("ts", Mapping.ToProto, Mapping.FromProto),
        Form.Of<FleetReported, Proto.FleetReport>("fre", Mapping.ToProto, Mapping.ReportedFromProto),
        Form.Of<RouterSnapshot, Proto.RouterSnapshot>("rsn", Mapping.ToProto, Mapping.FromProto),
        Form.Of<FileAdded, Proto.FileAdded>("fa", Mapping.ToProto, Mapping.FromProto),
        Form.Of<FileRemoved, Proto.FileRemoved>("frm", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchCreated, Proto.BatchCreated>("bc", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchValidated, Proto.BatchValidated>("bv", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchFailed, Proto.BatchFailed>("bf", Mapping.ToProto, Mapping.FromProto),
        Form.Of<UnitStarted, Proto.UnitStarted>("us", Mapping.ToProto, Mapping.FromProto),
        Form.Of<OutcomesRecorded, Proto.OutcomesRecorded>("or", Mapping.ToProto, Mapping.FromProto),
        Form.Of<UnitEnded, Proto.UnitEnded>("ue", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchCancelling, Proto.BatchOnly>("bcg", Mapping.ToProto, Mapping.CancellingFromProto),
        Form.Of<BatchFinalizing, Proto.BatchFinalizing>("bfg", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchEnded, Proto.BatchEnded>("be", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchForgotten, Proto.BatchOnly>("bfn", Mapping.ToProto, Mapping.ForgottenFromProto),
        Form.Of<BlobsRemoved, Proto.BlobsRemoved>("brm", Mapping.ToProto, Mapping.FromProto),
        Form.Of<AddFile, Proto.FileAnswer>("caf", Mapping.ToProto, Mapping.AddFileFromProto),
        Form.Of<CheckRoom, Proto.Empty>("ccr", _ => new Proto.Empty(), _ => new CheckRoom()),
        Form.Of<GetFile, Proto.ById>("cgf", m => new Proto.ById { Id = m.File }, p => new GetFile(p.Id)),
        Form.Of<ListFiles, Proto.ListFiles>("clf", Mapping.ToProto, Mapping.FromProto),
        Form.Of<RemoveFile, Proto.ById>("crf", m => new Proto.ById { Id = m.File }, p => new RemoveFile(p.Id)),
        Form.Of<CreateBatch, Proto.CreateBatch>("ccb", Mapping.ToProto, Mapping.FromProto),
        Form.Of<GetBatch, Proto.ById>("cgb", m => new Proto.ById { Id = m.Batch }, p => new GetBatch(p.Id)),
        Form.Of<ListBatches, Proto.ListBatches>("clb", Mapping.ToProto, Mapping.FromProto),
        Form.Of<ExplainBatch, Proto.ById>("ceb", m => new Proto.ById { Id = m.Batch }, p => new ExplainBatch(p.Id)),
        Form.Of<BatchExplained, Proto.BatchExplained>("abe", Mapping.ToProto, Mapping.FromProto),
        Form.Of<CancelBatch, Proto.ById>("ccx", m => new Proto.ById { Id = m.Batch }, p => new CancelBatch(p.Id)),
        Form.Of<FileAnswer, Proto.FileAnswer>("af", Mapping.ToProto, Mapping.FromProto),
        Form.Of<FilePage, Proto.FilePage>("afp", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchAnswer, Proto.BatchAnswer>("ab", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchPage, Proto.BatchPage>("abp", Mapping.ToProto, Mapping.FromProto),
        Form.Of<BatchCallRefused, Proto.BatchCallRefused>("ar", Mapping.ToProto, Mapping.FromProto),
    ];

    private static readonly FrozenDictionary<Type, Form> ByType = Forms.ToFrozenDictionary(form => form.Type);

    private static readonly FrozenDictionary<string, Form> ByManifest = Forms.ToFrozenDictionary(form => form.Manifest);

    /// <summary>Every message type with its manifest, for the test that keeps both complete and unchanged.</summary>
    public static IReadOnlyDictionary<Type, string> Manifests { get; } = Forms.ToDictionary(form => form.Type, form => form.Manifest);

    public override int Identifier => Id;

    public override string Manifest(object o) => FormOf(o).Manifest;

    public override byte[] ToBinary(object obj) => FormOf(obj).Write(obj);

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!ByManifest.TryGetValue(manifest, out var form))
            throw new SerializationException($"Manifest '{manifest}' is none of the mesh's messages: a newer node, or a stranger.");
        try
        {
            return form.Read(bytes);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or FormatException or ArgumentException or OverflowException)
        {
            throw new SerializationException($"These {bytes.Length} bytes are no {form.Type.Name} (manifest '{manifest}'): {e.Message}", e);
        }
    }

    private static Form FormOf(object o) =>
        ByType.TryGetValue(o.GetType(), out var form)
            ? form
            : throw new SerializationException($"{o.GetType()} has no wire form: add it to control.proto and to MeshSerializer.");

    private sealed record Form(Type Type, string Manifest, Func<object, byte[]> Write, Func<byte[], object> Read)
    {
        public static Form Of<TMessage, TProto>(string manifest, Func<TMessage, TProto> to, Func<TProto, TMessage> from)
            where TMessage : notnull
            where TProto : IMessage<TProto>, new()
        {
            var parser = new MessageParser<TProto>(() => new TProto());
            return new Form(
                typeof(TMessage),
                manifest,
                message => to((TMessage)message).ToByteArray(),
                bytes => from(parser.ParseFrom(bytes)));
        }
    }
}
