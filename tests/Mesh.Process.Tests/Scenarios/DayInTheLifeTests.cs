using System.Globalization;
using Mesh.Demo;
using Mesh.Demo.Processes;
using Mesh.Demo.Scenarios;
using Mesh.Node.Sessions;
using Mesh.Process.Tests.Meshes;
using Xunit.Abstractions;

namespace Mesh.Process.Tests.Scenarios;

/// <summary>A commuting car's day, replayed against a real seed: it serves in the windows that its owner's policy allows, and in no other.</summary>
public sealed class DayInTheLifeTests(ITestOutputHelper output)
{
    /// <summary>24 h in 108 s: joining and leaving, some seconds each, have room in every window and between them.</summary>
    private const double Speed = 800;

    private static readonly TimeSpan DayLimit = TimeSpan.FromMinutes(5);

    /// <summary>Phases with the cause of departures and the reason codes, from midnight to midnight.</summary>
    private static readonly string[] Expected =
    [
        "Away: SIGNAL_UNKNOWN",
        "Joining", "Serving", "Draining Planned",
        "Away: NOT_CHARGING",
        "Away: IN_USE UNLOCKED NOT_CHARGING",
        "Away: MOVING TOO_FAST IN_USE UNLOCKED NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED",
        "Away: MOVING TOO_FAST IN_USE NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED",
        "Away: MOVING TOO_FAST NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED",
        "Away: NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED",
        "Away: NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED OUTSIDE_HOURS",
        "Away: MOVING TOO_FAST IN_USE NOT_PLUGGED_IN NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED OUTSIDE_HOURS",
        "Away: MOVING TOO_FAST IN_USE NOT_PLUGGED_IN LOW_CHARGE NOT_CHARGING NETWORK_NOT_ALLOWED NETWORK_METERED OUTSIDE_HOURS",
        "Away: MOVING TOO_FAST IN_USE NOT_PLUGGED_IN LOW_CHARGE NOT_CHARGING OUTSIDE_HOURS",
        "Away: MOVING TOO_FAST NOT_PLUGGED_IN LOW_CHARGE NOT_CHARGING OUTSIDE_HOURS",
        "Away: NOT_PLUGGED_IN LOW_CHARGE NOT_CHARGING OUTSIDE_HOURS",
        "Away: LOW_CHARGE OUTSIDE_HOURS",
        "Away: LOW_CHARGE",
        "Away: LOW_CHARGE NOT_CHARGING",
        "Away: LOW_CHARGE",
        "Joining", "Serving", "Draining Planned",
        "Away: QUIET_HOURS",
        "Joining", "Serving", "Draining Soon: SIGNAL_UNKNOWN",
        "Away: SIGNAL_UNKNOWN",
    ];

    [Fact]
    public async Task A_commuting_car_serves_exactly_when_its_owners_policy_allows()
    {
        await using var mesh = await TestMesh.StartAsync(vehicles: 0);
        var car = await StartAsync(mesh);
        var life = new LifeTail(car.Options.DataFolder);
        try
        {
            await FollowAsync(mesh, car, life);
        }
        finally
        {
            Print(life.Entries);
        }

        Assert.Equal(Expected, StepsOf(life.Entries));
        Assert.Equal(Commuter.Windows.Count, ServedIn(life.Entries).Distinct().Count());
    }

    private static async Task<VehicleProcess> StartAsync(TestMesh mesh)
    {
        var folder = mesh.Folder("owner");
        var (trace, policy) = (Path.Combine(folder, "monday.jsonl"), Path.Combine(folder, "policy.conf"));
        Commuter.Day.WriteTo(trace);
        await File.WriteAllTextAsync(policy, Commuter.Policy);
        return await mesh.StartVehicleAsync(1, options => options with
        {
            Telemetry = string.Create(CultureInfo.InvariantCulture, $"trace:{trace}@{Speed}"),
            Policy = policy,
            ExtraArguments = ["--drain-grace", "500ms"],
        });
    }

    /// <summary>Until its day is over and it has left, under load of which nothing may be lost.</summary>
    private static async Task FollowAsync(TestMesh mesh, VehicleProcess car, LifeTail life)
    {
        using var http = LoopbackHttp.NewClient(connections: 32);
        using var over = new CancellationTokenSource();
        var tally = new Tally([]);
        var client = new InferClient(http, mesh.Seed.Http, Pictures.Data, TimeSpan.FromSeconds(5));
        var load = new SteadyPictures(tally, client.ClassifyAsync).RunAsync(over.Token, CancellationToken.None);
        await car.Process.WaitForLineAsync(line => line.Contains("Telemetry is lost: the trace", StringComparison.Ordinal), DayLimit);
        await UntilAsync(() => life.ReadNew().Count >= 0 && life.Entries is [.., { Phase: VehiclePhase.Away } last] && last.At >= Commuter.Day.To);
        await over.CancelAsync();

        var sent = await load;
        var answers = tally.Answers();
        Assert.Equal(sent, answers.Count);
        Assert.Contains(answers, answer => answer.Probabilities is not null);
        Assert.All(answers, answer => Assert.True(answer.Failure is null || DayVerdict.IsRefused(answer), answer.Failure));
        foreach (var answer in answers.Where(answer => answer.Probabilities is not null))
            Pictures.AssertAgrees(answer.Picture, answer.Probabilities);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TestMesh.Limit);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!holds())
            await interval.WaitForNextTickAsync(limit.Token);
    }

    /// <summary>
    /// Without what depends on how long a session takes to end: that it may work before it has begun to, how long the processor
    /// was not free, and a step told twice.
    /// </summary>
    private static List<string> StepsOf(IEnumerable<LifeEntry> life)
    {
        var texts = new List<string>();
        foreach (var step in life.Where(step => step.FreedMs is null && (step.Phase != VehiclePhase.Away || step.Reasons.Length > 0)))
        {
            if (texts.Count == 0 || texts[^1] != Text(step))
                texts.Add(Text(step));
        }

        return texts;
    }

    private static string Text(LifeEntry step)
    {
        var codes = string.Join(' ', LifeText.Codes(step));
        return $"{step.Phase}{(step.Cause is { } cause ? $" {cause}" : "")}{(codes.Length > 0 ? $": {codes}" : "")}";
    }

    /// <summary>Of each time that it served, the window; fails where it lies in none.</summary>
    private static IEnumerable<int> ServedIn(IReadOnlyList<LifeEntry> life)
    {
        for (var i = 0; i < life.Count; i++)
        {
            if (life[i].Phase != VehiclePhase.Serving)
                continue;
            var (from, to) = (life[i].At, life[i + 1].At);
            var window = Enumerable.Range(0, Commuter.Windows.Count)
                .FirstOrDefault(number => Commuter.Windows[number].From <= from && to <= Commuter.Windows[number].To, -1);
            Assert.True(window >= 0, $"It served from {from:O} to {to:O}.");
            yield return window;
        }
    }

    private void Print(IEnumerable<LifeEntry> life)
    {
        foreach (var step in life)
            output.WriteLine($"{Evening.Clock(step.At)}  {LifeText.Phase(step),-8}  {LifeText.Summary(step)}");
    }
}
