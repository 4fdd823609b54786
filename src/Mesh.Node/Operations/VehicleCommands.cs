using System.Text.Json.Nodes;
using Mesh.Hosting.Settings;
using Mesh.Node.Inference;
using Mesh.Node.Metering;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Operations;
using Mesh.Operations.Palettes;

namespace Mesh.Node.Operations;

/// <summary>Answers the palette <c>mesh</c> of a vehicle.</summary>
internal sealed class VehicleCommands(
    VehicleSettings settings,
    VehicleHost host,
    EligibilityWatch eligibility,
    OperatorDrain drain,
    LifeLog life,
    IInferenceEngine engine,
    UsageRecorder usage,
    TelemetryCommand telemetry,
    TimeProvider time) : ICommandHandler, ICompletionSource
{
    public CommandPalette Palette => MeshPalette.OfVehicle;

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        if (VehicleWords.Refusal(call, settings.Vehicle, host.Standing.Session?.SeedOperators ?? [], settings.Seeds) is { } refusal)
            throw refusal;
        return call.Command switch
        {
            "explain" => One(() => VehicleExplanation.Of(settings.Vehicle, host.Standing, eligibility.Latest, drain.Current, life.Recent, time.GetUtcNow())),
            "vehicle" => One(Describe),
            "usage" => One(Usage),
            "telemetry" => telemetry.RunAsync(call, cancellation),
            "drain" => One(() => Drain(call)),
            "resume" => One(Resume),
            var other => throw new CommandFailedException($"'mesh' of a vehicle has no command '{other}'"),
        };
    }

    public Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation) =>
        Task.FromResult(sought.Kinds.SelectMany(kind => VehicleWords.Values(kind, settings.Vehicle)));

    private JsonObject Describe()
    {
        var (standing, status, judgement) = (host.Standing, engine.Status, eligibility.Latest);
        return new JsonObject
        {
            ["vehicle"] = settings.Vehicle.Value,
            ["region"] = settings.Region.Value,
            ["phase"] = VehicleExplanation.Word(standing.Phase),
            ["cause"] = standing.Cause is { } cause ? VehicleExplanation.Word(cause) : null,
            ["allowed"] = judgement is null ? "none" : VehicleExplanation.Word(judgement.Verdict.Allowed),
            ["drained"] = VehicleExplanation.Of(drain.Current),
            ["session"] = standing.Session is not { } session ? null : new JsonObject
            {
                ["epoch"] = session.Epoch.Value,
                ["member"] = session.Member.Address,
                ["seeds"] = new JsonArray([.. session.Seeds.Select(seed => (JsonNode)JsonValue.Create(seed.Address))]),
                ["leaves_at"] = VehicleExplanation.Time(session.LeavesAt),
            },
            ["device_class"] = settings.DeviceClass.Length > 0 ? settings.DeviceClass : null,
            ["threads"] = status.Threads,
            ["credits"] = settings.Credits,
            ["memory_bytes"] = settings.MemoryBytes,
            ["queued"] = status.Queued,
            ["answered"] = status.Answered,
            ["failed"] = status.Failed,
            ["inference_s"] = Math.Round(status.InferenceTime.TotalSeconds, 3),
            ["loaded_sha256"] = new JsonArray([.. status.Loaded.Select(hash => (JsonNode)JsonValue.Create(hash.Hex[..12])!)]),
            ["telemetry"] = TelemetryCommand.NameOf(settings.Telemetry),
        };
    }

    /// <summary>By the telemetry's clock and in the owner's time zone, as the caps go.</summary>
    private JsonObject Usage()
    {
        var (now, policy) = (eligibility.Clock.GetUtcNow(), eligibility.Latest?.Policy ?? throw NotJudged());
        var day = policy.DayOf(now);
        var used = usage.UsageOf(day);
        if (used == DayUsage.UsedUp)
            throw new CommandFailedException("what was used today cannot be told: the meter's files could not be read when the vehicle started, so that everything counts as used (see its log)");
        var today = used.ToUsageToday();
        return new JsonObject
        {
            ["day"] = $"{day:yyyy-MM-dd}",
            ["time_zone"] = policy.Hours.Zone.Id,
            ["bytes"] = used.Bytes,
            ["metered_bytes"] = used.MeteredBytes,
            ["energy_j"] = Math.Round(used.EnergyUj / 1e6, 3),
            ["energy_kwh"] = Math.Round(today.EnergyKwh, 6),
            ["energy_cap_kwh"] = policy.Energy.DailyCapKwh,
            ["metered_bytes_cap"] = policy.Network.DailyMeteredBytes,
            ["counts_anew_at"] = VehicleExplanation.Time(policy.NextDay(now)),
        };
    }

    private JsonObject Drain(CommandCall call)
    {
        var text = call.Find("for") ?? "24h";
        if (SettingParsers.Duration(text) is not { } span || span > OperatorDrain.Longest)
            throw new CommandFailedException($"--for must be a duration such as 30m or 2h, above 0 and at most 7 days, not '{text}'");
        Keep(() => drain.Drain(span, call.Operator));
        return Outcome("drained");
    }

    private JsonObject Resume()
    {
        var was = drain.Current;
        Keep(drain.Resume);
        return Outcome(was is null ? "was_not_drained" : "resumed");
    }

    private JsonObject Outcome(string outcome) => new()
    {
        ["vehicle"] = settings.Vehicle.Value,
        ["outcome"] = outcome,
        ["drained"] = VehicleExplanation.Of(drain.Current),
        ["phase"] = VehicleExplanation.Word(host.Standing.Phase),
    };

    private static void Keep(Action change)
    {
        try
        {
            change();
        }
        catch (IOException e)
        {
            throw new CommandFailedException($"it cannot be kept on the vehicle's disk, so that nothing was changed: {e.Message}");
        }
    }

    internal static CommandFailedException NotJudged() => new("the vehicle has not judged its state yet: it has just started");

    private static async IAsyncEnumerable<CommandOutput> One(Func<JsonObject> document)
    {
        await Task.CompletedTask;
        yield return new CommandOutput.Document(document());
    }
}
