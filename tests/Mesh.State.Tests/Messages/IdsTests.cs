using System.Globalization;
using FsCheck;
using FsCheck.Xunit;
using Mesh.Messages;

namespace Mesh.State.Tests.Messages;

public sealed class IdsTests
{
    [Theory]
    [InlineData("V-001")]
    [InlineData("a")]
    [InlineData("Z_9.x-")]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234")]
    public void A_valid_id_keeps_its_text(string text)
    {
        Assert.Equal(text, new VehicleId(text).Value);
        Assert.Equal(text, $"{new RegionName(text)}");
        Assert.True(VehicleId.TryParse(text, out var id));
        Assert.Equal(new VehicleId(text), id);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ä")]
    [InlineData("a/b")]
    [InlineData("\"")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void An_invalid_id_is_refused_with_the_rule(string? text)
    {
        Assert.False(VehicleId.TryParse(text, out var id));
        Assert.Equal(default, id);
        Assert.Equal(
            $"'{text}' is not a vehicle id: 1 to 64 letters, digits, '-', '_' or '.'",
            Assert.Throws<FormatException>(() => new VehicleId(text!)).Message);
        Assert.Equal(
            $"'{text}' is not a region name: 1 to 64 letters, digits, '-', '_' or '.'",
            Assert.Throws<FormatException>(() => new RegionName(text!)).Message);
    }

    [Fact]
    public void A_default_id_is_not_silently_valid()
    {
        Assert.Throws<InvalidOperationException>(() => default(VehicleId).Value);
        Assert.Throws<InvalidOperationException>(() => default(RegionName).Value);
        Assert.Throws<InvalidOperationException>(() => default(ArtifactHash).Hex);
        Assert.Equal("(no vehicle)", $"{default(VehicleId)}");
    }

    [Property]
    public void An_id_either_parses_or_throws_and_nothing_between(string? text) =>
        Assert.Equal(VehicleId.TryParse(text, out _), Record.Exception(() => new VehicleId(text!)) is null);

    [Property]
    public void Epochs_order_as_their_numbers(ulong left, ulong right)
    {
        var (a, b) = (new SessionEpoch(left), new SessionEpoch(right));
        Assert.Equal(left < right, a < b);
        Assert.Equal(left > right, a > b);
        Assert.Equal(left <= right, a <= b);
        Assert.Equal(left >= right, a >= b);
        Assert.Equal(left.CompareTo(right), a.CompareTo(b));
    }

    [Fact]
    public void A_hash_is_64_digits_whose_case_does_not_matter()
    {
        var hash = new ArtifactHash(new string('A', 64));
        Assert.Equal(new string('a', 64), hash.Hex);
        Assert.Equal(hash, ArtifactHash.FromBytes(hash.ToBytes()));
        Assert.Throws<FormatException>(() => new ArtifactHash(new string('a', 63)));
        Assert.Throws<FormatException>(() => new ArtifactHash(new string('g', 64)));
        Assert.Throws<FormatException>(() => new ArtifactHash(null!));
    }

    [Theory]
    [InlineData("52.52,13.40", 52.52, 13.40)]
    [InlineData(" -33.9 , 151.2 ", -33.9, 151.2)]
    [InlineData("90,-180", 90, -180)]
    public void A_place_is_latitude_then_longitude(string text, double latitude, double longitude)
    {
        Assert.True(GeoPoint.TryParse(text, out var point));
        Assert.Equal(new GeoPoint(latitude, longitude), point);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("52.52")]
    [InlineData("52.52,13.40,1")]
    [InlineData("52.52;13.40")]
    [InlineData("north,east")]
    [InlineData("90.01,0")]
    [InlineData("0,180.01")]
    [InlineData("NaN,0")]
    [InlineData("0,Infinity")]
    public void Anything_else_is_no_place(string? text) => Assert.False(GeoPoint.TryParse(text, out _));

    [Fact]
    public void A_place_reads_the_same_whatever_the_culture()
    {
        var former = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            Assert.True(GeoPoint.TryParse("52.5,13.25", out var point));
            Assert.Equal("52.5,13.25", $"{point}");
        }
        finally
        {
            CultureInfo.CurrentCulture = former;
        }
    }

    [Fact]
    public void Distances_are_those_of_the_globe()
    {
        var (berlin, sydney) = (new GeoPoint(52.52, 13.405), new GeoPoint(-33.8688, 151.2093));
        Assert.Equal(16_090, berlin.DistanceKm(sydney), 20.0);
        Assert.Equal(20_015, new GeoPoint(0, 0).DistanceKm(new GeoPoint(0, 180)), 1.0);
        Assert.Equal(20_015, new GeoPoint(90, 0).DistanceKm(new GeoPoint(-90, 77)), 1.0);
    }

    [Property]
    public void A_distance_is_symmetric_and_within_half_the_globe(int a, int b, int c, int d)
    {
        var here = new GeoPoint(a % 91, b % 181);
        var there = new GeoPoint(c % 91, d % 181);
        Assert.InRange(here.DistanceKm(there), 0, 20_016);
        Assert.Equal(here.DistanceKm(there), there.DistanceKm(here), 1e-6);
        Assert.Equal(0, here.DistanceKm(here), 1e-6);
    }
}
