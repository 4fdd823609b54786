using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Seed.Routing;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.WorkStreams;
using OwnerConsent = Mesh.Messages.Work.OwnerConsent;

namespace Mesh.State.Tests.WorkStreams;

public sealed class VehicleMetricsTests
{
    [Theory]
    [InlineData(52.52, 13.40, "u33db")]
    [InlineData(50.11, 8.68, "u0yjj")]
    [InlineData(-33.87, 151.21, "r3gx2")]
    [InlineData(0, 0, "s0000")]
    [InlineData(90, 180, "zzzzz")]
    public void A_place_is_told_as_its_geohash(double latitude, double longitude, string geohash)
    {
        Assert.Equal(geohash, GeoCell.Of(new GeoPoint(latitude, longitude)).Geohash);
    }

    [Fact]
    public void Vehicles_are_counted_by_what_they_take_and_where_they_are()
    {
        Assert.Equal(
            ["serving u33 2", "draining u33 2", "leaving u33 1", "batch_only u0y 1"],
            Counts(
                ("u33", new VehicleStatus()),
                ("u33", new VehicleStatus { Consent = new OwnerConsent { Interactive = true } }),
                ("u33", new VehicleStatus { Draining = true, LeavesInMs = 5 }),
                ("u33", new VehicleStatus { Consent = new OwnerConsent() }),
                ("u33", new VehicleStatus { LeavesInMs = 5 }),
                ("u0y", new VehicleStatus { Consent = new OwnerConsent { Batch = true } })));
    }

    [Fact]
    public void Places_beyond_the_fifty_fullest_count_as_one()
    {
        var vehicles = Enumerable.Range(0, 60).SelectMany(i => Enumerable.Repeat(($"{i:000}", new VehicleStatus()), i < 50 ? 2 : 1)).ToArray();
        var counts = Counts(vehicles);
        Assert.Equal(51, counts.Count);
        Assert.Contains("serving other 10", counts);
    }

    [Theory]
    [InlineData("soon", "soon")]
    [InlineData("Renewal", "renewal")]
    [InlineData("", "planned")]
    [InlineData("whatever a vehicle sends", "planned")]
    public void A_goodbye_s_cause_is_a_label_only_where_it_is_known(string cause, string label) => Assert.Equal(label, DepartureCauses.Known(cause));

    private static List<string> Counts(params (string Place, VehicleStatus Status)[] vehicles) =>
    [
        .. VehicleMetrics.Count(vehicles.Select(vehicle => (vehicle.Status, vehicle.Place)))
            .Select(count => $"{count.Tags[0].Value} {count.Tags[1].Value} {count.Value}"),
    ];
}
