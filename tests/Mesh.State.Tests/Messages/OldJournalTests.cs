using Mesh.Messages.Control;
using Mesh.State.Tests.Hosting;

namespace Mesh.State.Tests.Messages;

/// <summary>Bytes that earlier versions wrote: they are read for ever, and what they did not know is absent.</summary>
public sealed class OldJournalTests(SeedSystem seed) : IClassFixture<SeedSystem>
{
    private const string ReportBeforeStays =
        "0a0e0a08746578742038333710edd202109ef0c08b950f1894c597c6e296ceef0822280a05562d34313010fcfed0d5a2bc98d30c1881f7c8b4d00a20f7e8a7abac0828c0cad4dfbe0c300322280a05562d36303510d688a09186c1abcc2918c6eae991871d20c38792d5a70e28f0c89f93d5073002";

    private const string SnapshotBeforeStays =
        "08cdb4bddec51112590a05562d30303610a8c3b590b48d9ae94c18bad2d3ec9b8e8db85020cb8db29599d5c1ef0828c38ddcc58bb1a2ef0830c8bdc7fec91f389c9a8dccc61740a7bdc69a801848caa6ca82ec1e50b4f782b1fe1558b6d4a391dc1a12580a05562d353334109287c2feb493919072189a98f1ebb485edb51b20e8a38acedeafceef08288d96e297ea9bafef0830f9c19aecd20838a099a388fe0840a4a2edb8c21548c2c7f582980b508cb9fdd4801558b3cba7c3201a210a0e0a0874657874203837341081de0310a0ab8ca9d2151885a690a999a6a2ef081a210a0e0a08746578742033393010d7ec0110b2ead7b58e0818aef8c188a9ce98ef08";

    private const string BatchBeforeTraces =
        "0a087465787420333639125e0a08746578742037323912087465787420363638188ca0dceae610220874657874203235362a260a110a056b65792030120874657874203335310a110a056b657920311208746578742036333232087465787420393131389f98a782c40318e1b8878188fec7ef08";

    [Fact]
    public void A_batch_from_before_traces_were_kept()
    {
        var created = Read<BatchCreated>(BatchBeforeTraces, "bc");
        Assert.Equal(default, created.Request.Trace);
        Assert.Equal(2, created.Request.Metadata?.Count);
        Assert.NotNull(created.Request.OutputExpiresAfter);
    }

    [Fact]
    public void A_report_from_before_stays_were_told()
    {
        var reported = Read<FleetReported>(ReportBeforeStays, "fre");
        Assert.Equal(2, reported.Tallies.Count);
        Assert.All(reported.Tallies, tally => Assert.Equal((null, null), (tally.ParkedAt, tally.LeftAt)));
        Assert.All(reported.Tallies, tally => Assert.True(tally.Answered > 0 && tally.Epoch.Value > 0));
    }

    [Fact]
    public void A_snapshot_from_before_stays_were_told()
    {
        var snapshot = Read<RouterSnapshot>(SnapshotBeforeStays, "rsn");
        Assert.Null(snapshot.Departures);
        Assert.Equal((2, 2), (snapshot.Vehicles.Count, snapshot.Reporters.Count));
        Assert.All(snapshot.Vehicles, record => Assert.Equal((null, null), (record.ParkedAt, record.LeftAt)));
        Assert.All(snapshot.Vehicles, record => Assert.Empty(record.Departures!));
        Assert.All(snapshot.Vehicles, record => Assert.True(record.Answered > 0 && record.Sessions > 0));
    }

    private T Read<T>(string hex, string manifest) =>
        Assert.IsType<T>(seed.System.Serialization.Deserialize(Convert.FromHexString(hex), Mesh.Messages.Serialization.MeshSerializer.Id, manifest));
}
