using System.Net;
using Mesh.Demo;
using Mesh.Demo.Scenarios;
using Mesh.Node.Policy;
using Mesh.Node.Sessions;
using Mesh.Process.Tests.Meshes;

namespace Mesh.Process.Tests.Scenarios;

/// <summary>What decides whether the evening succeeded, and how it is told.</summary>
public sealed class DayVerdictTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMinutes(3);

    [Fact]
    public void Answers_and_clear_refusals_lose_nothing()
    {
        var verdict = Judge(
        [
            Answer(0),
            Refused(1, HttpStatusCode.ServiceUnavailable),
            Refused(2, HttpStatusCode.TooManyRequests),
            Refused(3, HttpStatusCode.GatewayTimeout),
        ]);
        Assert.Empty(verdict.Failures);
        Assert.Equal((1, 3, 0, 1), (verdict.Answered, verdict.Refused.Sum(refused => refused.Count), verdict.Lost, verdict.AgreeWithDirect));
        Assert.Equal([429, 503, 504], verdict.Refused.Select(refused => refused.Status));
    }

    [Fact]
    public void What_is_neither_answered_nor_refused_with_a_text_is_lost()
    {
        var verdict = Judge(
            [
                Answer(0),
                Refused(1, HttpStatusCode.InternalServerError),
                Refused(2, HttpStatusCode.ServiceUnavailable) with { Failure = "HTTP 503: " },
                Answer(3) with { Probabilities = null, Failure = "The connection was closed." },
            ],
            requests: 5);
        Assert.Equal(4, verdict.Lost);
        Assert.Contains("1 lost, first request 3: The connection was closed.", verdict.Failures);
        Assert.Contains("1 of 5 requests came to no end.", verdict.Failures);
        Assert.Contains("No request was answered.", Judge([Refused(1, HttpStatusCode.ServiceUnavailable)]).Failures);
    }

    [Fact]
    public void An_answer_that_differs_fails_the_evening()
    {
        float[] differing = [.. Pictures.Direct[0]];
        differing[2] += 2e-5f;
        Assert.Equal(["Request 0 (picture 0, V-001) differs from the direct run."], Judge([Answer(0) with { Probabilities = differing }]).Failures);
    }

    [Fact]
    public void Serving_while_there_are_reasons_fails_the_evening()
    {
        LifeEntry[] life =
        [
            Step(0, VehiclePhase.Serving), Step(60, VehiclePhase.Draining, "MOVING: it moves"), Step(61, VehiclePhase.Away, "MOVING: it moves"),
        ];
        Assert.Empty(Judge([Answer(0)], life: life).Failures);
        // It ended as its session opened, and left at once.
        life[0] = life[0] with { Reasons = ["MOVING: it moves"], At = life[1].At };
        Assert.Empty(Judge([Answer(0)], life: life).Failures);
        life[0] = life[0] with { At = life[1].At - TimeSpan.FromMinutes(4) };
        Assert.Equal(["V-001 served at 18:26 although MOVING: it moves"], Judge([Answer(0)], life: life).Failures);
        Assert.Single(Judge([Answer(0)], life: life[..1]).Failures);
    }

    [Fact]
    public void A_step_is_news_when_its_phase_its_cause_or_its_first_reason_is_another()
    {
        LifeEntry[] life =
        [
            Step(0, VehiclePhase.Away, "MOVING: a", "IN_USE: b"), Step(1, VehiclePhase.Away, "MOVING: a"),
            Step(2, VehiclePhase.Away, "IN_USE: b"), Step(3, VehiclePhase.Away), Step(4, VehiclePhase.Joining),
            Step(5, VehiclePhase.Draining, "IN_USE: b") with { Cause = DepartureCause.Soon },
            Step(6, VehiclePhase.Draining, "MOVING: a", "IN_USE: b", "IN_USE: c") with { Cause = DepartureCause.Now },
            Step(7, VehiclePhase.Draining, "MOVING: a") with { Cause = DepartureCause.Now, FreedMs = 12.34 },
        ];
        Assert.Equal(
            [
                "driving MOVING: a; and IN_USE", "parked IN_USE: b", "parked may work", "joining ", "draining IN_USE: b",
                "draining MOVING: a; and IN_USE", "draining the processor is free after 12.3 ms",
            ],
            LifeText.News(life).Select(step => $"{LifeText.Phase(step)} {LifeText.Why(step)}"));
    }

    [Fact]
    public void Half_a_line_is_read_when_it_is_whole()
    {
        var folder = Directory.CreateTempSubdirectory("mesh-test-").FullName;
        try
        {
            var tail = new LifeTail(folder);
            Assert.Empty(tail.ReadNew());
            var (path, line) = (Path.Combine(folder, "life.jsonl"), Step(0, VehiclePhase.Away, "MOVING: ü").ToJson());
            File.WriteAllText(path, line + "\n" + line[..^3]);
            Assert.Single(tail.ReadNew());
            Assert.Empty(tail.ReadNew());
            File.AppendAllText(path, line[^3..] + "\n");
            Assert.Equal("MOVING: ü", Assert.Single(tail.ReadNew()).Reasons[0]);
            Assert.Equal(2, tail.Entries.Count);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static DayVerdict Judge(
        IReadOnlyList<PictureAnswer> answers, int? requests = null, IReadOnlyList<LifeEntry>? life = null)
    {
        var car = new CarReport(Evening.Cars[0], "Berlin", 0, life ?? [], 0, 0);
        return DayVerdict.Of(requests ?? answers.Count, answers, Pictures.Direct, [car], Moment, []);
    }

    private static PictureAnswer Answer(int number) =>
        new(number, number, Pictures.Direct[number], "V-001", 1, TimeSpan.FromMilliseconds(1), null) { Status = HttpStatusCode.OK };

    private static PictureAnswer Refused(int number, HttpStatusCode status) => Answer(number) with
    {
        Probabilities = null,
        Status = status,
        Failure = $$"""HTTP {{(int)status}}: {"error":"no vehicle"}""",
    };

    private static LifeEntry Step(int minute, VehiclePhase phase, params string[] reasons) =>
        new(Evening.From + TimeSpan.FromMinutes(minute), phase, null, WorkKinds.None, [.. reasons], null);
}
