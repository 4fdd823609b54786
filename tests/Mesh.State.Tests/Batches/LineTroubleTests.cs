using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

/// <summary>Whose fault it is that lines get no answer, and what follows.</summary>
public sealed class LineTroubleTests
{
    private static readonly BatchSettings Small = new() { FirstUnitLines = 4, UnitsPerVehicle = 1 };

    [Fact]
    public void A_vehicle_that_cannot_run_the_model_rests_ever_longer_and_burns_no_line()
    {
        var desk = new DeskDriver(Small);
        desk.Connect("V-1");
        var batch = desk.Begin(100_000);
        var pauses = new List<int>();
        for (var i = 0; i < 8; i++)
        {
            desk.Fail(Assert.Single(desk.UnitsOf("V-1")));
            desk.Pass(0.9);
            pauses.Add(0);
            for (; pauses[^1] < 200 && desk.UnitsOf("V-1").Count == 0; pauses[^1]++)
            {
                // Another runs lines meanwhile, those that the first could not run before all others.
                if (desk.UnitsOf("V-2") is not [var unit])
                    desk.Connect("V-2");
                else
                    desk.Finish(unit);
                desk.Pass(0.5);
            }
        }

        Assert.Empty(desk.WrittenOff);
        Assert.Equal(0, batch.Failed.Count);
        Assert.True(batch.Done.Count > 100);
        Assert.Equal(pauses.Order(), pauses);
        Assert.InRange(pauses[^1], 100, 125); // Half seconds: a minute at most.
    }

    [Fact]
    public void Where_one_vehicle_is_all_there_is_its_lines_get_their_error_after_some_tries_with_pauses()
    {
        var desk = new DeskDriver(Small);
        desk.Connect("V-1");
        var batch = desk.Begin(4);
        var started = desk.Now;
        for (var i = 0; i < Small.MaxLineTries; i++)
        {
            desk.Fail(Assert.Single(desk.UnitsOf("V-1")));
            if (i < Small.MaxLineTries - 1)
                Assert.Empty(desk.WrittenOff);
            desk.Pass(Math.Pow(2, i));
        }

        var over = Assert.Single(desk.WrittenOff);
        Assert.Equal((null, 4), (over.Code, over.Lines.Sum(range => range.Count)));
        Assert.True(desk.Now - started > TimeSpan.FromSeconds(30));
        // They are nobody's until that is recorded.
        Assert.Empty(desk.Units);
        desk.Write(batch, new UnitOutcomes(0, [], over.Lines));
        Assert.Equal(BatchStatus.Completed, batch.Entry.Status);
    }

    [Fact]
    public void A_line_that_several_vehicles_fail_though_they_run_others_gets_its_error()
    {
        var desk = new DeskDriver(Small);
        desk.Begin(100);
        for (var i = 1; i <= 4; i++)
            desk.Connect($"V-{i}");
        var asked = new HashSet<string>();
        for (var i = 0; i < 40 && !desk.WrittenOff.Any(); i++)
        {
            foreach (var unit in desk.Units.Values.ToList())
            {
                if (!unit.Left.Contains(2))
                {
                    desk.Finish(unit);
                    continue;
                }

                Assert.True(asked.Add(unit.Vehicle.Value), "a vehicle that failed it was asked again though there are others");
                var others = unit.Left.Ranges.SelectMany(new LineSet([new(2, 1)]).Outside).ToList();
                if (others.Count > 0)
                    desk.Answer(unit, [.. others]);
                desk.Close(unit, UnitEnd.Failed, others.Count, new LineRange(2, 1));
            }

            desk.Pass(1.5);
        }

        Assert.Equal([new LineRange(2, 1)], Assert.Single(desk.WrittenOff).Lines);
        Assert.Equal(3, asked.Count);
    }

    [Fact]
    public void A_vehicle_that_gives_a_unit_back_is_left_alone_for_a_second_and_longer_when_it_does_so_again()
    {
        var desk = new DeskDriver(Small);
        desk.Connect("V-1");
        desk.Begin(100);
        for (var pause = 1; pause <= 8; pause *= 2)
        {
            desk.Close(Assert.Single(desk.UnitsOf("V-1")), UnitEnd.HandedBack);
            Assert.Empty(desk.Units);
            desk.Pass(pause - 0.1);
            Assert.Empty(desk.Units);
            desk.Pass(0.2);
        }

        // One that works again is trusted again.
        desk.Finish(Assert.Single(desk.UnitsOf("V-1")));
        desk.Close(Assert.Single(desk.UnitsOf("V-1")), UnitEnd.HandedBack);
        desk.Pass(1.1);
        Assert.Single(desk.Units);
    }

    [Fact]
    public void One_that_left_with_a_word_has_work_again_as_soon_as_it_is_back()
    {
        var desk = new DeskDriver(Small);
        desk.Connect("V-1");
        desk.Begin(100);
        var unit = Assert.Single(desk.UnitsOf("V-1"));
        desk.Leave("V-1", DepartureKind.Planned);
        desk.Close(unit, Assert.Single(desk.Effects.OfType<EndUnit>()).How);
        desk.Connect("V-1");
        Assert.Single(desk.UnitsOf("V-1"));
    }

    [Fact]
    public void What_a_resting_vehicle_gave_back_goes_to_another_at_once()
    {
        var desk = new DeskDriver(Small);
        desk.Connect("V-1");
        desk.Begin(100);
        desk.Close(Assert.Single(desk.UnitsOf("V-1")), UnitEnd.HandedBack);
        desk.Connect("V-2");
        Assert.Equal([new LineRange(0, 4)], Assert.Single(desk.UnitsOf("V-2")).Left.Ranges);
    }

    [Fact]
    public void A_line_that_takes_its_vehicles_down_ends_up_alone_and_then_with_an_error_and_the_others_are_answered()
    {
        var region = new ChurningDesk(lines: 200, vehicles: 5, secondsPerLine: 0.05, killEvery: null, killer: 77);
        region.Play(seconds: 600);
        Assert.Equal(BatchStatus.Completed, region.Batch.Entry.Status);
        Assert.Equal([new LineRange(77, 1)], Assert.Single(region.Verdicts).Lines);
        Assert.Equal((199, 1), (region.Batch.Entry.Completed, region.Batch.Entry.Failed));
        Assert.InRange(region.Kills, 7, 12);
    }

    /// <summary>Vehicles that are killed every few seconds are no line's fault, as long as lines take less than vehicles live.</summary>
    [Property(MaxTest = 60)]
    public Property Ordinary_churn_fails_no_line() => Prop.ForAll(
        Gen.Choose(3, 6).SelectMany(vehicles => Gen.Choose(1, 100).SelectMany(hundredths => Gen.Choose(1, 1000).Select(seed => (vehicles, hundredths, seed)))).ToArbitrary(),
        churn =>
        {
            var (vehicles, hundredths, seed) = churn;
            var region = new ChurningDesk(lines: 400, vehicles, hundredths / 100d, killEvery: 3, killer: null, seed);
            region.Play(seconds: 900);
            Assert.Empty(region.Verdicts);
            Assert.True(region.Kills > 5 || region.Batch.IsOver);
        });
}
