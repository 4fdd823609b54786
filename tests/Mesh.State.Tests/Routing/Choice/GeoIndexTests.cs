using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;

namespace Mesh.State.Tests.Routing.Choice;

public sealed class GeoIndexTests
{
    private static readonly GeoPoint[] Places =
        [RouterDriver.Frankfurt, RouterDriver.Berlin, RouterDriver.Sydney, new(50.12, 8.70), new(50.4, 9.1), new(89.9, 0), new(0, 179.99), new(0, -179.99)];

    private readonly GeoIndex _index = new();

    /// <summary>Vehicles enter, leave, and become busy and idle in any order; whatever the order, the index holds what it should.</summary>
    [Property(MaxTest = 100)]
    public Property It_holds_exactly_those_added_with_the_idle_ones_first() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ArrayOf(150).ToArbitrary(), steps =>
        {
            var index = new GeoIndex();
            var entries = Enumerable.Range(0, 40).Select(i => Entry(i, Places[i % Places.Length])).ToArray();
            var idle = new Dictionary<IndexEntry, bool>();
            foreach (var step in steps)
            {
                var (entry, flag) = (entries[step / 2 % entries.Length], step % 2 == 0);
                if (!idle.ContainsKey(entry))
                    index.Add(entry, flag);
                else if (step % 3 == 0)
                    index.Remove(entry);
                else
                    GeoIndex.SetIdle(entry, flag);
                if (step % 3 == 0 && idle.ContainsKey(entry))
                    idle.Remove(entry);
                else
                    idle[entry] = flag;
                Check(index, entries, idle);
            }
        });

    [Fact]
    public void Nearest_cells_come_first_across_their_borders_and_the_date_line()
    {
        foreach (var (origin, near) in new[] { (new GeoPoint(50.11, 8.68), new GeoPoint(50.07, 8.73)), (new(0.01, 179.99), new(-0.01, -179.99)) })
        {
            var index = new GeoIndex();
            for (var i = 0; i < 100; i++)
                index.Add(Entry(i, new GeoPoint(origin.Latitude + 2, 10 + i)), idle: true);
            var next = Entry(100, near);
            index.Add(next, idle: true);
            Assert.Same(next.Vehicle, Walk(index, origin, 8, 8)[0]);
        }
    }

    /// <summary>In order of the finest cell shared with the origin: 5 km, 39 km, 156 km, 1,250 km, the rest of the world.</summary>
    [Fact]
    public void A_walk_goes_from_fine_cells_to_coarse_ones()
    {
        GeoPoint[] outward = [new(50.11, 8.68), new(50.3, 8.9), new(51, 9.9), new(53, 14), new(-33.87, 151.21)];
        for (var i = 0; i < 50; i++)
            _index.Add(Entry(i, outward[i % 5]), idle: true);
        var found = Walk(_index, outward[0], 40, 40);
        Assert.Equal(40, found.Count);
        var distances = found.Take(40).Select(v => Array.IndexOf(outward, v.Place)).ToList();
        Assert.Equal(distances.Order(), distances);
    }

    [Fact]
    public void Idle_vehicles_have_their_share_before_the_others_and_what_one_kind_leaves_the_other_gets()
    {
        for (var i = 0; i < 60; i++)
            _index.Add(Entry(i, RouterDriver.Frankfurt), idle: i < 3);
        var idle = Walk(_index, RouterDriver.Frankfurt, 20, 12).Count(v => v.Stream.Value < 3);
        Assert.Equal((3, 20), (idle, Walk(_index, RouterDriver.Frankfurt, 20, 12).Count));
    }

    [Fact]
    public void Every_vehicle_is_met_sooner_or_later()
    {
        var entries = Enumerable.Range(0, 500).Select(i => Entry(i, Places[i % Places.Length])).ToList();
        foreach (var entry in entries)
            _index.Add(entry, idle: entry.Vehicle.Stream.Value % 2 == 0);
        var met = new HashSet<RoutedVehicle>();
        var random = new Random(1);
        for (var i = 0; i < 4000; i++)
            met.UnionWith(Walk(_index, Places[i % Places.Length], 10, 5, random));
        Assert.Equal(500, met.Count);
    }

    private static void Check(GeoIndex index, IndexEntry[] entries, Dictionary<IndexEntry, bool> idle)
    {
        Assert.Equal(idle.Count, index.Count);
        foreach (var entry in entries)
            Assert.Equal(idle.ContainsKey(entry), entry.IsIn);
        foreach (var entry in idle.Keys)
        {
            for (var level = 0; level <= GeoCell.Levels; level++)
            {
                var cell = entry.Cells[level]!;
                Assert.Same(entry, cell.Entries[entry.Positions[level]]);
                Assert.Equal(idle[entry], entry.Positions[level] < cell.Idle);
            }
        }

        // From anywhere, with room for all, each is met once.
        foreach (var origin in Places)
        {
            var found = Walk(index, origin, 40, 20);
            Assert.Equal(idle.Keys.Select(e => e.Vehicle).ToHashSet(), found.ToHashSet());
            Assert.Equal(idle.Count, found.Count);
        }
    }

    private static List<RoutedVehicle> Walk(GeoIndex index, GeoPoint origin, int wanted, int idle, Random? random = null)
    {
        var found = new IndexEntry?[wanted];
        var count = index.Walk(GeoCell.Of(origin), found, idle, random ?? new Random(1));
        return [.. found.Take(count).Select(entry => entry!.Vehicle)];
    }

    private static IndexEntry Entry(int number, GeoPoint place) => new(new RoutedVehicle(
        new StreamOpened(
            new StreamId(number), new VehicleId($"V-{number}"), new SessionEpoch(1), RouterDriver.Member($"V-{number}"), place, RouterDriver.Load()),
        null));
}
