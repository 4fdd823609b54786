using System.Globalization;
using Mesh.Demo.Scenarios;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;

namespace Mesh.Process.Tests.Scenarios;

/// <summary>The generated days: what the demo and the day in the life replay.</summary>
public sealed class EveningTests
{
    /// <summary>Each of the evening's cars has at least one reason of its own.</summary>
    private static readonly string[] CommonReasons =
    [
        ReasonCodes.NoConsent, ReasonCodes.Moving, ReasonCodes.TooFast, ReasonCodes.InUse, ReasonCodes.Unlocked, ReasonCodes.Departing,
        ReasonCodes.NotPluggedIn, ReasonCodes.LowCharge, ReasonCodes.NotCharging, ReasonCodes.BatteryHot,
        ReasonCodes.NetworkNotAllowed, ReasonCodes.NetworkMetered, ReasonCodes.QuietHours, ReasonCodes.PriceTooHigh,
    ];

    public static IEnumerable<object[]> Cars => Enumerable.Range(0, Evening.Cars.Count).Select(car => new object[] { car });

    [Theory]
    [MemberData(nameof(Cars))]
    public void Every_owners_document_can_be_read(int car)
    {
        Assert.Empty(OwnerPolicyReader.Read(Evening.Cars[car].Policy).Errors);
        if (Evening.Cars[car].Change is { } change)
            Assert.Empty(OwnerPolicyReader.Read(change.Policy).Errors);
    }

    [Theory]
    [MemberData(nameof(Cars))]
    public void Every_car_works_for_a_part_of_the_evening(int car)
    {
        var verdicts = Judge(Evening.Cars[car]);
        Assert.Contains(verdicts, verdict => verdict.IsEligible);
        // Without a gap in what it tells: nothing that it can know is ever unknown.
        Assert.DoesNotContain(verdicts, verdict => verdict.Denials.Any(denial => denial.Code == ReasonCodes.SignalUnknown));
    }

    [Fact]
    public void The_common_reasons_show()
    {
        var codes = Evening.Cars.SelectMany(Judge).SelectMany(verdict => verdict.Denials).Select(denial => denial.Code).ToHashSet();
        Assert.Equal(CommonReasons.Order(), codes.Order());
    }

    [Fact]
    public void A_day_is_the_same_each_time_and_told_in_order()
    {
        var lines = Commuter.Day.Lines().ToList();
        Assert.Equal(lines, Commuter.Day.Lines());
        Assert.Equal(lines, lines.OrderBy(line => line.Time));
        Assert.Equal((Commuter.Day.From, Commuter.Day.To), (lines[0].Time, lines[^1].Time));
    }

    [Fact]
    public void Every_signal_is_told_before_it_is_too_old_and_can_be_believed()
    {
        foreach (var path in Commuter.Day.Lines().GroupBy(line => line.Path))
        {
            var signal = VssCatalogue.Find(path.Key)!;
            var times = path.Select(line => line.Time).Append(Commuter.Day.To).ToList();
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Item2 - pair.Item1 < signal.MaxAge, $"{path.Key} at {pair.Item1:O}"));
            Assert.All(path.Where(line => line.Value is not null), line => Assert.Null(signal.Check(ValueOf(line.Value)!.Value)));
        }
    }

    /// <summary>After each of its trace's moments.</summary>
    private static List<Verdict> Judge(EveningCar car)
    {
        var telemetry = VehicleTelemetry.Empty;
        var memory = EligibilityMemory.Empty;
        var verdicts = new List<Verdict>();
        var first = OwnerPolicyReader.Read(car.Policy).Policy!;
        var second = car.Change is { } changed ? OwnerPolicyReader.Read(changed.Policy).Policy! : first;
        foreach (var moment in car.Day.Lines().GroupBy(line => line.Time))
        {
            telemetry = telemetry.Apply(new TelemetryEvent.Readings(
                [.. moment.Select(line => new SignalReading(line.Path, ValueOf(line.Value), line.Time, line.Time))]));
            var policy = moment.Key >= car.Change?.At ? second : first;
            (var verdict, memory) = EligibilityRules.Judge(telemetry.At(moment.Key), policy, UsageToday.None, memory);
            verdicts.Add(verdict);
        }

        return verdicts;
    }

    private static SignalValue? ValueOf(object? value) => value switch
    {
        null => null,
        bool truth => SignalValue.Of(truth),
        double number => SignalValue.Of(number),
        DateTime time => SignalValue.Of(time.ToString("O", CultureInfo.InvariantCulture)),
        _ => SignalValue.Of((string)value),
    };
}
