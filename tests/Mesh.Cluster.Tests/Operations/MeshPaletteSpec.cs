using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Demo;
using Mesh.Messages;
using Mesh.Node.Policy;
using Mesh.Operations;
using Mesh.Seed.Routing;

namespace Mesh.Cluster.Tests.Operations;

/// <summary>The palette 'mesh' of a real seed and of real vehicles.</summary>
public sealed class MeshPaletteSpec : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly FashionPictures Pictures = FashionPictures.Load();

    private InProcessRegion _region = null!;

    public async Task InitializeAsync() => _region = await InProcessRegion.StartAsync("V-1", "V-2");

    public async Task DisposeAsync() => await _region.DisposeAsync();

    [Fact]
    public async Task Everything_that_only_reads_answers()
    {
        var outcome = await ClassifyAsync("my-picture");

        var vehicles = Rows(await _region.MeshAsync("vehicles", ("near", "52.5,13.4")));
        Assert.Equal(["V-1", "V-2"], vehicles.Select(row => (string)row["vehicle"]!).Order());
        Assert.All(vehicles, row => Assert.Equal(("serving", "u33db"), ((string)row["state"]!, (string)row["place"]!)));
        Assert.All(vehicles, row => Assert.InRange((double)row["distance_km"]!, 0.1, 5));
        Assert.All(vehicles, row => Assert.NotEqual(52.52, (double)row["latitude"]!));

        var model = Assert.Single(Rows(await _region.MeshAsync("models")), row => (string)row["model"]! == "fashion_cnn");
        Assert.Equal("READY", (string)model["state"]!);
        Assert.InRange((int)model["loaded_on"]!, 1, 2);
        Assert.NotEmpty(Rows(await _region.MeshAsync("vehicles", ("model", "fashion_cnn"))));

        Assert.Empty(Rows(await _region.MeshAsync("requests")));
        var request = Assert.Single(Rows(await _region.MeshAsync("requests", ("all", "true"))));
        Assert.Equal(
            (outcome.Request.ToString(), "ended", "ok", outcome.Vehicle!.Value.Value, "my-picture"),
            ((string)request["request"]!, (string)request["state"]!, (string)request["outcome"]!, (string)request["vehicle"]!, (string)request["client_request"]!));

        var vehicle = Document(await _region.MeshAsync("vehicle", ("vehicle", outcome.Vehicle.Value.Value)));
        Assert.True((bool)vehicle["consent"]!["interactive"]!);
        Assert.Empty(vehicle["why_not"]!.AsArray());

        Assert.Empty(Rows(await _region.MeshAsync("batches")));
        var router = Document(await _region.MeshAsync("router"));
        Assert.True((bool)router["job_router"]!["is_here"]!);
        Assert.Equal(2, (int)router["vehicles"]!["serving"]!);
        var stats = Document(await _region.MeshAsync("stats"));
        Assert.Equal(1, (long)stats["answered"]!);
    }

    [Fact]
    public async Task A_request_is_explained_by_its_name_its_number_and_its_clients_id()
    {
        var outcome = await ClassifyAsync("my-picture");
        foreach (var what in new[] { outcome.Request.ToString()!, $"{outcome.Request!.Value.Request.Value}", "my-picture" })
        {
            var explained = Document(await _region.MeshAsync("explain", ("what", what)));
            Assert.Equal(("request", outcome.Request.ToString()), ((string)explained["kind"]!, (string)explained["request"]!));
            var decision = explained["decisions"]![0]!;
            Assert.Equal(outcome.Vehicle!.Value.Value, (string)decision["chosen"]!);
            Assert.Equal(["V-1", "V-2"], decision["candidates"]!.AsArray().Select(candidate => (string)candidate!["vehicle"]!).Order());
            Assert.All(decision["candidates"]!.AsArray(), candidate => Assert.True((double)candidate!["score_ms"]! > 0));
            Assert.Equal("answered", (string)explained["attempts"]![0]!["end"]!);
        }
    }

    [Fact]
    public async Task A_drained_vehicle_gets_no_work_also_after_it_was_started_anew_and_says_why_until_it_is_resumed()
    {
        var drained = Assert.Single(Rows(await _region.MeshAsync("drain", ("vehicle", "V-1"), ("for", "1h"))));
        Assert.Equal(("V-1", "draining"), ((string)drained["vehicle"]!, (string)drained["outcome"]!));
        await StateAsync("V-1", "drained");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ClassifyAsync())), outcome => Assert.Equal("V-2", outcome.Vehicle!.Value.Value));
        var own = Document(await _region.VehicleMeshAsync("V-1", "explain"));
        Assert.Equal((false, "serving"), ((bool)own["eligible"]!, (string)own["phase"]!));
        Assert.Equal(ReasonCodes.OperatorDrain, (string)Assert.Single(own["denials"]!.AsArray())!["code"]!);
        Assert.Equal("spec", (string)own["drained"]!["by"]!);
        var seen = Document(await _region.MeshAsync("explain", ("what", "V-1")));
        Assert.False((bool)seen["takes_requests_now"]!);
        Assert.Contains(seen["why_not"]!.AsArray(), reason => (string)reason!["code"]! == "OPERATOR_DRAIN");
        Assert.Equal(ReasonCodes.OperatorDrain, (string)Assert.Single(seen["denials"]!.AsArray())!["code"]!);
        Assert.Contains("asked for by spec", (string)seen["summary"]!, StringComparison.Ordinal);
        // The consent is what it was, and yet the seed hears of the new drain.
        await _region.MeshAsync("drain", ("vehicle", "V-1"), ("for", "3h"));
        await InProcessRegion.UntilAsync(
            () => (string)Document(_region.MeshAsync("explain", ("what", "V-1")).GetAwaiter().GetResult())["denials"]![0]!["value"]!
                != (string)seen["denials"]![0]!["value"]!,
            "the new drain at the seed");

        await _region.StopVehicleAsync("V-1");
        await StateAsync("V-1", "away");
        var left = Document(await _region.MeshAsync("explain", ("what", "V-1")));
        Assert.Equal(("planned", "stop"), ((string)left["departures"]![0]!["kind"]!, (string)left["departures"]![0]!["cause"]!));
        Assert.Contains(ReasonCodes.OperatorDrain, (string)left["departures"]![0]!["reasons"]![0]!, StringComparison.Ordinal);
        Assert.Equal(ReasonCodes.OperatorDrain, (string)left["departures"]![0]!["denials"]![0]!["code"]!);
        await _region.StartVehicleAsync("V-1");
        await StateAsync("V-1", "drained");

        Assert.Equal("resumed", (string)Assert.Single(Rows(await _region.MeshAsync("resume", ("vehicle", "V-1"))))["outcome"]!);
        await StateAsync("V-1", "serving");
        Assert.True((bool)Document(await _region.VehicleMeshAsync("V-1", "explain"))["eligible"]!);
    }

    [Fact]
    public async Task A_model_is_loaded_and_unloaded_on_all_vehicles_with_an_outcome_for_each()
    {
        var loaded = Rows(await _region.MeshAsync("load", ("model", "fashion_cnn")));
        Assert.Equal(["V-1 loaded", "V-2 loaded"], loaded.Select(row => $"{row["vehicle"]} {row["outcome"]}").Order());
        await InProcessRegion.UntilAsync(() => Copies() == 2, "the model on both");
        var unloaded = Rows(await _region.MeshAsync("unload", ("model", "fashion_cnn/1"), ("vehicle", "V-2")));
        Assert.Equal("unloaded", (string)Assert.Single(unloaded)["outcome"]!);
        await InProcessRegion.UntilAsync(() => Copies() == 1, "the model on one");
        var hash = _region.Models.Find("fashion_cnn", null)!.Model!.Reference.Hash.Hex;
        unloaded = Rows(await _region.MeshAsync("unload", ("model", $"sha256:{hash[..8]}"), ("vehicle", "V-1")));
        Assert.Equal("unloaded", (string)Assert.Single(unloaded)["outcome"]!);
        await InProcessRegion.UntilAsync(() => Copies() == 0, "the model on none");

        int Copies() => new[] { "V-1", "V-2" }.Count(vehicle => _region.Status(vehicle)!.Loaded.Count > 0);
    }

    [Fact]
    public async Task What_is_not_known_is_an_error_that_helps()
    {
        Assert.Contains("V-1", await ErrorAsync("vehicle", ("vehicle", "V-11")), StringComparison.Ordinal);
        Assert.Contains("mesh_request", await ErrorAsync("explain", ("what", "nothing-at-all")), StringComparison.Ordinal);
        Assert.Contains("no member of this cluster any more", await ErrorAsync("explain", ("what", "00000001-7")), StringComparison.Ordinal);
        Assert.Contains("no batch", await ErrorAsync("batch", ("batch", "batch_none")), StringComparison.Ordinal);
        Assert.Contains("fashion_cnn", await ErrorAsync("load", ("model", "fashion_cn")), StringComparison.Ordinal);
        Assert.Contains("--near", await ErrorAsync("vehicles", ("near", "Berlin")), StringComparison.Ordinal);
        Assert.Equal("V-1", (string)Document(await _region.VehicleMeshAsync("V-1", "vehicle", ("vehicle", "V-1")))["vehicle"]!);
        Assert.Contains("only that of --telemetry manual", await VehicleErrorAsync("telemetry", ("signal", "Vehicle.Speed"), ("value", "3")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vehicle_refers_what_is_about_the_region_to_the_seed_that_has_its_stream()
    {
        var port = $"127.0.0.1:{_region.SeedOperatorsPort}";
        var referred = await Assert.ThrowsAsync<CommandReferredException>(() => _region.VehicleMeshAsync("V-1", "load", ("model", "fashion_cnn")));
        Assert.Equal(($"a seed knows that: pbm {port} mesh load …", port, "V-1"), (referred.Message, Assert.Single(referred.Referral.Hosts), Assert.Single(referred.Referral.Added)));
        referred = await Assert.ThrowsAsync<CommandReferredException>(() => _region.VehicleMeshAsync("V-1", "drain", ("vehicle", "V-2")));
        Assert.Contains("this is V-1", referred.Message, StringComparison.Ordinal);
        Assert.Empty(referred.Referral.Added);
    }

    private async Task StateAsync(string vehicle, string state)
    {
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var began = DateTime.UtcNow;
        string? seen = null;
        while (seen != state)
        {
            Assert.True(DateTime.UtcNow - began < Limit, $"{vehicle} is {seen}, not {state}");
            await interval.WaitForNextTickAsync();
            seen = (string?)Rows(await _region.MeshAsync("vehicles")).SingleOrDefault(row => (string)row["vehicle"]! == vehicle)?["state"];
        }
    }

    private async Task<string> ErrorAsync(string command, params (string, string)[] arguments) =>
        (await Assert.ThrowsAsync<CommandFailedException>(() => _region.MeshAsync(command, arguments))).Message;

    private async Task<string> VehicleErrorAsync(string command, params (string, string)[] arguments) =>
        (await Assert.ThrowsAsync<CommandFailedException>(() => _region.VehicleMeshAsync("V-1", command, arguments))).Message;

    private Task<InferenceOutcome> ClassifyAsync(string id = "")
    {
        var picture = new RawTensor([1, 1, FashionPictures.Height, FashionPictures.Width], MemoryMarshal.AsBytes(Pictures.Image(0).Span).ToArray());
        var model = _region.Models.Find("fashion_cnn", null)!.Model!.Reference;
        return _region.Gateway.InferAsync(new InferenceCall(model, [picture], [], Limit) { ClientRequest = id }, CancellationToken.None);
    }

    private static JsonObject Document(IReadOnlyList<CommandOutput> outputs) => Assert.IsType<CommandOutput.Document>(Assert.Single(outputs)).Content;

    private static List<JsonObject> Rows(IReadOnlyList<CommandOutput> outputs)
    {
        var table = Assert.IsType<CommandOutput.Table>(outputs[0]);
        return
        [
            .. outputs.Skip(1).Cast<CommandOutput.Row>().Select(row =>
                new JsonObject(table.Columns.Zip(row.Cells, (name, cell) => KeyValuePair.Create<string, JsonNode?>(name, cell)))),
        ];
    }
}
