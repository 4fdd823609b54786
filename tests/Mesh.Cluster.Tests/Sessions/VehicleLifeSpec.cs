using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Mesh.Cluster.Tests.Hosting;
using Mesh.Messages;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Operations;
using Mesh.Seed.Routing;
using Mesh.Testing;

namespace Mesh.Cluster.Tests.Sessions;

/// <summary>A vehicle serves while its owner's policy and its state allow it, and ends in the way that the reason asks for.</summary>
public sealed class VehicleLifeSpec : IAsyncLifetime
{
    private const string AllWork = """interactive = true, batch = true, models = ["*"]""";
    private const string Moving = "Vehicle.IsMoving";
    private const string DoorLock = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked";
    private const string Timer = "Vehicle.Powertrain.TractionBattery.Charging.Timer.";

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-life-").FullName;
    private InProcessRegion _region = null!;

    public async Task InitializeAsync()
    {
        var model = Directory.CreateDirectory(Path.Combine(_folder, "models", "loop", "1")).FullName;
        File.WriteAllBytes(Path.Combine(model, "model.onnx"), OnnxFile.DoublingLoop());
        _region = await InProcessRegion.StartAsync(Path.Combine(_folder, "models"), drainGrace: TimeSpan.FromMinutes(1));
    }

    public async Task DisposeAsync()
    {
        // What still runs would run for the grace period.
        foreach (var vehicle in _region.Vehicles)
            _region.Telemetry(vehicle).Set(Moving, SignalValue.Of(true));
        await _region.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Without_consent_a_vehicle_joins_nothing_and_with_it_it_serves()
    {
        var policy = Policy("V-1", consent: "");
        await _region.StartVehicleAsync("V-1", policy);
        await InProcessRegion.UntilAsync(() => _region.Eligibility("V-1").Latest is not null, "a verdict");
        Assert.Equal(
            [ReasonCodes.NoConsent, ReasonCodes.NoConsent],
            _region.Eligibility("V-1").Latest!.Verdict.Denials.Select(denial => denial.Code).Where(code => code == ReasonCodes.NoConsent));
        Assert.Single(_region.Seed.State!.Members);
        Policy("V-1");
        await _region.SessionAsync("V-1");
    }

    [Fact]
    public async Task Motion_terminates_what_runs_and_another_vehicle_takes_it()
    {
        var request = await RunOnAsync("V-1", then: "V-2");
        _region.Telemetry("V-1").Set(Moving, SignalValue.Of(true));
        await _region.Engine("V-1").WhenIdleAsync(CancellationToken.None).WaitAsync(InProcessRegion.Limit);
        await InProcessRegion.UntilAsync(() => _region.Engine("V-2").Status.Queued == 1, "the request at the other vehicle");
        await InProcessRegion.UntilAsync(() => _region.Status("V-1") is null, "the end of the stream");
        Assert.False(request.IsCompleted);

        var before = _region.Streams.Streams.Count;
        _region.Telemetry("V-1").Set(Moving, SignalValue.Of(false));
        await _region.SessionAsync("V-1");
        Assert.Equal(before + 1, _region.Streams.Streams.Count);
    }

    [Fact]
    public async Task Consent_taken_back_in_the_file_terminates_what_runs()
    {
        await RunOnAsync("V-1", then: "V-2");
        Policy("V-1", consent: "interactive = false, batch = false");
        await _region.Engine("V-1").WhenIdleAsync(CancellationToken.None).WaitAsync(InProcessRegion.Limit);
        await InProcessRegion.UntilAsync(() => _region.Engine("V-2").Status.Queued == 1, "the request at the other vehicle");
    }

    [Fact]
    public async Task A_file_with_an_error_permits_nothing()
    {
        var policy = Policy("V-1");
        await StartAsync("V-1", policy);
        await File.WriteAllTextAsync(policy, "mesh.policy { version = 1, consent { interactive = treu } }");
        await InProcessRegion.UntilAsync(() => _region.Status("V-1") is null, "the end of the stream");
    }

    /// <summary>Also where the other kind of work is denied at once, and all the time.</summary>
    [Theory]
    [InlineData("batch = true")]
    [InlineData("batch = false")]
    public async Task A_car_that_is_unlocked_takes_no_more_and_finishes_what_runs(string batch)
    {
        using var client = new CancellationTokenSource();
        var request = await RunOnAsync("V-1", then: null, $"""interactive = true, {batch}, models = ["*"]""", client.Token);
        _region.Telemetry("V-1").Set(DoorLock, SignalValue.Of(false));
        await InProcessRegion.UntilAsync(() => _region.Status("V-1")!.Draining, "its draining");
        Assert.Equal(1, _region.Engine("V-1").Status.Queued);
        Assert.False(request.IsCompleted);
        await client.CancelAsync();
        await InProcessRegion.UntilAsync(() => _region.Status("V-1") is null, "the end of the stream, long before the grace period's");
        Assert.Equal(RequestOutcome.Cancelled, (await request).Outcome);
    }

    [Fact]
    public async Task The_seed_is_told_why_it_left_and_the_vehicle_knows_why_it_stays_away()
    {
        await StartAsync("V-1", Policy("V-1"));
        _region.Telemetry("V-1").Set(DoorLock, SignalValue.Of(false));
        await InProcessRegion.UntilAsync(() => _region.Status("V-1") is null, "the end of the stream");
        JsonArray departures = [];
        await InProcessRegion.UntilAsync(() => (departures = Departures()).Count > 0, "its departure on record");
        Assert.Equal(("planned", "soon"), ((string)departures[0]!["kind"]!, (string)departures[0]!["cause"]!));
        Assert.StartsWith($"UNLOCKED: {DoorLock} is false, needs true", (string)departures[0]!["reasons"]![0]!, StringComparison.Ordinal);
        var own = ((CommandOutput.Document)Assert.Single(await _region.VehicleMeshAsync("V-1", "explain"))).Content;
        var denial = Assert.Single(own["denials"]!.AsArray())!;
        Assert.Equal(("UNLOCKED", DoorLock, "false"), ((string)denial["code"]!, (string)denial["signal"]!, (string)denial["value"]!));

        JsonArray Departures()
        {
            // It answers at once: nobody else is here.
            var answer = _region.MeshAsync("explain", ("what", "V-1")).GetAwaiter().GetResult();
            return ((CommandOutput.Document)Assert.Single(answer)).Content["departures"]!.AsArray();
        }
    }

    [Fact]
    public async Task A_departure_that_is_expected_is_announced_and_taken_back()
    {
        await StartAsync("V-1", Policy("V-1"));
        _region.Telemetry("V-1").Set(Timer + "Mode", SignalValue.Of("END_TIME"));
        // A timer can be set to any year, which is no departure that anybody waits for.
        _region.Telemetry("V-1").Set(Timer + "Time", SignalValue.Of("2399-01-01T00:00:00Z"));
        _region.Telemetry("V-1").Set(Timer + "Time", SignalValue.Of($"{DateTimeOffset.UtcNow.AddHours(1):yyyy-MM-ddTHH:mm:ssZ}"));
        await InProcessRegion.UntilAsync(() => _region.Status("V-1")!.LeavesInMs is > 3_000_000 and < 3_700_000, "the announcement");
        _region.Telemetry("V-1").Set(Timer + "Mode", SignalValue.Of("INACTIVE"));
        await InProcessRegion.UntilAsync(() => _region.Status("V-1")!.LeavesInMs == 0, "its end");
    }

    [Fact]
    public async Task Each_kind_of_work_needs_its_own_consent()
    {
        await StartAsync("V-1", Policy("V-1"));
        Assert.True(_region.Status("V-1")!.Consent is { Interactive: true, Batch: true, AnyModel: true });
        Policy("V-1", consent: "interactive = true, models = [other]");
        await InProcessRegion.UntilAsync(() => _region.Status("V-1")!.Consent is { Interactive: true, Batch: false, AnyModel: false }, "the new consent");
        var outcome = await _region.Gateway.InferAsync(Call(trips: 1, TimeSpan.FromSeconds(1)), CancellationToken.None);
        Assert.NotEqual(RequestOutcome.Ok, outcome.Outcome);
        Policy("V-1");
        Assert.Equal(RequestOutcome.Ok, (await _region.Gateway.InferAsync(Call(trips: 1, InProcessRegion.Limit), CancellationToken.None)).Outcome);
    }

    /// <summary>A drained vehicle is allowed nothing before and after.</summary>
    [Fact]
    public async Task A_seed_hears_of_another_rule_also_where_the_consent_is_what_it_was()
    {
        await StartAsync("V-1", Policy("V-1"));
        await _region.MeshAsync("drain", ("vehicle", "V-1"));
        await InProcessRegion.UntilAsync(() => Codes() == "OPERATOR_DRAIN", "the drain at the seed");
        Policy("V-1", consent: """interactive = false, batch = true, models = ["*"]""");
        await InProcessRegion.UntilAsync(() => Codes() == "NO_CONSENT, OPERATOR_DRAIN", "the rule at the seed");

        string Codes() => string.Join(", ", ((CommandOutput.Document)Assert.Single(_region.MeshAsync("vehicle", ("vehicle", "V-1")).GetAwaiter().GetResult()))
            .Content["denials"]!.AsArray().Select(denial => (string)denial!["code"]!));
    }

    [Fact]
    public async Task A_seed_tells_by_which_rule_a_connected_vehicle_takes_batches_only_and_hears_when_that_is_over()
    {
        await StartAsync("V-1", Policy("V-1"));
        Assert.Empty(Explain()["denials"]!.AsArray());
        Policy("V-1", consent: """interactive = false, batch = true, models = ["*"]""");
        await InProcessRegion.UntilAsync(() => Explain()["denials"]!.AsArray().Count > 0, "the rule at the seed");
        var explained = Explain();
        var denial = Assert.Single(explained["denials"]!.AsArray())!;
        Assert.Equal(
            ("NO_CONSENT", "interactive", "consent.interactive", "false", "true"),
            ((string)denial["code"]!, (string)denial["denies"]!, (string)denial["setting"]!, (string)denial["value"]!, (string)denial["threshold"]!));
        Assert.Equal(("batch_only", true), ((string)explained["state"]!, (bool)explained["connected"]!));
        Assert.Equal(
            "it gets no requests now: its owner's policy permits batches only now, because of NO_CONSENT: consent.interactive is false, needs true",
            (string)explained["summary"]!);
        Policy("V-1");
        await InProcessRegion.UntilAsync(() => Explain()["denials"]!.AsArray().Count == 0, "its end at the seed");

        JsonObject Explain() =>
            ((CommandOutput.Document)Assert.Single(_region.MeshAsync("explain", ("what", "V-1")).GetAwaiter().GetResult())).Content;
    }

    /// <summary>Neither while the vehicle stays nor after it left: only models and the owner's own records are kept.</summary>
    [Fact]
    public async Task Nothing_of_a_request_stays_on_the_vehicles_disk()
    {
        await StartAsync("V-1", Policy("V-1"));
        float[] secret = [.. Enumerable.Range(0, 16).Select(i => (i * 0.7310585f) + 3.1f)];
        var call = Call(trips: 1, InProcessRegion.Limit) with
        {
            Inputs = [new RawTensor([16], MemoryMarshal.AsBytes<float>(secret).ToArray()), new RawTensor([], BitConverter.GetBytes(1L))],
        };
        var outcome = await _region.Gateway.InferAsync(call, CancellationToken.None);
        Assert.Equal(RequestOutcome.Ok, outcome.Outcome);
        Assert.Empty(FilesWith(outcome.Outputs[0].Data.Span[..16]));
        _region.Telemetry("V-1").Set(Moving, SignalValue.Of(true));
        await InProcessRegion.UntilAsync(() => _region.Status("V-1") is null, "the end of the stream");
        Assert.Empty(FilesWith(outcome.Outputs[0].Data.Span[..16]));
        Assert.Empty(FilesWith(MemoryMarshal.AsBytes<float>(secret)[..16]));

        List<string> FilesWith(ReadOnlySpan<byte> content)
        {
            var found = new List<string>();
            foreach (var path in Directory.EnumerateFiles(_region.DataFolder("V-1"), "*", SearchOption.AllDirectories))
            {
                if (File.ReadAllBytes(path).AsSpan().IndexOf(content) >= 0)
                    found.Add(path);
            }

            // It looked where the vehicle writes.
            Assert.Contains(Directory.EnumerateFiles(_region.DataFolder("V-1"), "*", SearchOption.AllDirectories), path => path.EndsWith("life.jsonl", StringComparison.Ordinal));
            return found;
        }
    }

    /// <summary>A request that would run for ever, on the first vehicle; the second one comes once it is there.</summary>
    private async Task<Task<InferenceOutcome>> RunOnAsync(
        string vehicle, string? then, string consent = AllWork, CancellationToken cancellation = default)
    {
        await StartAsync(vehicle, Policy(vehicle, consent));
        var request = _region.Gateway.InferAsync(Call(long.MaxValue, TimeSpan.FromMinutes(10)), cancellation);
        await InProcessRegion.UntilAsync(() => _region.Engine(vehicle).Status is { Queued: 1, Loaded.Count: 1 }, "the request at the vehicle");
        if (then is not null)
            await StartAsync(then, Policy(then));
        return request;
    }

    private InferenceCall Call(long trips, TimeSpan budget) => new(
        _region.Models.Find("loop", null)!.Model!.Reference,
        [new RawTensor([1], MemoryMarshal.AsBytes<float>([1]).ToArray()), new RawTensor([], BitConverter.GetBytes(trips))],
        [],
        budget);

    private async Task StartAsync(string vehicle, string policy)
    {
        await _region.StartVehicleAsync(vehicle, policy);
        await _region.SessionAsync(vehicle);
    }

    /// <summary>Writes the vehicle's policy anew.</summary>
    private string Policy(string vehicle, string consent = AllWork)
    {
        var path = Path.Combine(_folder, $"{vehicle}.conf");
        var hold = string.Join(", ", new[] { "motion", "parked", "battery", "temperature", "network", "memory" }.Select(rule => $"{rule} = 0s"));
        // Replaced as a whole: a reader must not meet half of it.
        File.WriteAllText(path + ".new", $$"""mesh.policy { version = 1, consent { {{consent}} }, hysteresis { {{hold}} } }""");
        File.Move(path + ".new", path, overwrite: true);
        return path;
    }
}
