using Mesh.Messages;

namespace Mesh.Node.Policy;

/// <summary>Geohash cells: 5 bits a character, longitude first.</summary>
internal static class Geohash
{
    /// <summary>The middle of the cell that holds the place.</summary>
    /// <param name="characters">1 to 12; cells are 5,000 km to 4 cm wide.</param>
    public static GeoPoint Coarsen(GeoPoint place, int characters)
    {
        var bits = characters * 5;
        return new GeoPoint(Middle(place.Latitude, 90, bits / 2), Middle(place.Longitude, 180, (bits + 1) / 2));
    }

    private static double Middle(double value, double most, int bits)
    {
        var cells = Math.Pow(2, bits);
        var cell = Math.Clamp(Math.Floor((value + most) / (2 * most) * cells), 0, cells - 1);
        return (cell + 0.5) / cells * 2 * most - most;
    }
}
