using System.Text.Json.Nodes;
using Mesh.Messages;
using Mesh.Seed.Batches;
using Mesh.State.Tests.Batches;
using static Mesh.State.Tests.Routing.RouterDriver;

namespace Mesh.State.Tests.Operations;

/// <summary>Why a batch waits.</summary>
public sealed class BatchExplanationTests
{
    private readonly DeskDriver _desk = new();

    [Fact]
    public void One_without_vehicles_says_so()
    {
        var batch = _desk.Begin(lines: 100);
        var found = _desk.Explain(batch.Id);
        Assert.Equal("NO_VEHICLES", Assert.Single(found.Why).Code);
        Assert.Equal((100, 0, 0), (found.Waiting, found.Out, found.VehicleCount));
    }

    [Fact]
    public void One_whose_input_is_read_says_so_and_one_that_all_vehicles_have_too()
    {
        Assert.Equal("READS_INPUT", Assert.Single(_desk.Explain(_desk.Create().Id).Why).Code);
        var other = new DeskDriver(new BatchSettings { UnitsPerVehicle = 100 });
        other.Connect("V-1");
        var batch = other.Begin(lines: 10);
        var found = other.Explain(batch.Id);
        Assert.Equal(("ALL_OUT", false), (Assert.Single(found.Why).Code, found.Why[0].Excludes));
        Assert.Equal((0, 10), (found.Waiting, found.Out));
        Assert.Equal(("V-1", 10, true), (found.Units[0].Vehicle.Value, found.Units.Sum(unit => unit.LinesLeft), found.Units[0].Connected));
    }

    [Fact]
    public void Vehicles_that_take_no_unit_say_why_one_by_one()
    {
        _desk.Connect("V-drains");
        _desk.Report("V-drains", Load(draining: true, loaded: "a") with { IsLeaving = true });
        _desk.Connect("V-interactive");
        _desk.Report("V-interactive", (Load(loaded: "a") with { Consent = new OwnerConsent(true, false) }).ForBatch);
        var batch = _desk.Begin(lines: 100_000);
        Assert.Equal("NO_VEHICLE_TAKES_IT", Assert.Single(_desk.Explain(batch.Id).Why).Code);
        _desk.Connect("V-share");
        var found = _desk.Explain(batch.Id);
        Assert.Equal(("NEXT_UNIT_FOLLOWS", false), (Assert.Single(found.Why).Code, found.Why[0].Excludes));
        Assert.Equal(
            ["V-drains DRAINING", "V-interactive NO_CONSENT", "V-share HAS_ITS_SHARE"],
            found.Vehicles.Select(vehicle => $"{vehicle.Vehicle} {string.Join(',', vehicle.Reasons.Where(reason => reason.Excludes).Select(reason => reason.Code))}"));
    }

    [Fact]
    public void One_that_just_failed_rests_and_its_lines_go_to_others()
    {
        _desk.Connect("V-1");
        var batch = _desk.Begin(lines: 10);
        _desk.Fail(_desk.UnitsOf("V-1")[0]);
        var reasons = _desk.Explain(batch.Id).Vehicles.Single().Reasons;
        Assert.Contains(reasons, reason => reason.Code == "RESTS" && reason.Detail.Contains("could run nothing of its last unit", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => reason.Code == "FAILED_LINES");
    }

    [Fact]
    public void Its_document_is_one_that_a_program_can_read()
    {
        _desk.Connect("V-1");
        var batch = _desk.Begin(lines: 1000);
        var unit = _desk.UnitsOf("V-1")[0];
        _desk.Pass(seconds: 10);
        _desk.Answer(unit, [.. unit.Left.Ranges]);
        var document = JsonNode.Parse(_desk.Explain(batch.Id).ToJson().ToJsonString())!;
        Assert.Equal(("in_progress", "a", "open"), ((string)document["status"]!, (string)document["model"]!, (string)document["stage"]!));
        var done = (int)document["completed"]!;
        Assert.InRange(done, 1, 999);
        Assert.Equal(done / 10.0, (double)document["lines_per_s"]!, 1);
        Assert.Equal((1000 - done) / (done / 10.0), (double)document["remaining_s"]!, 1);
    }

    [Fact]
    public void There_is_none_for_an_unknown_id_but_near_ones_and_asking_changes_nothing()
    {
        var batch = _desk.Begin(lines: 10);
        Assert.Null(_desk.Desk.Explain("batch-of-nobody", _desk.Now, default));
        Assert.Equal([batch.Id], BatchFindings.Near(_desk.Book, batch.Id[..^1]));
        var before = _desk.Effects.Count;
        _desk.Explain(batch.Id);
        Assert.True(_desk.Desk.DecideNext(_desk.Now, default, new Random(1)).Effects.Count == 0 && before == _desk.Effects.Count);
    }
}
