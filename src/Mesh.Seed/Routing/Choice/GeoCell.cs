using Mesh.Messages;

namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// The geohash cell of a place at the finest precision that the index uses, 5 characters: 13 bits of longitude and 12 of
/// latitude, about 5 km each way. Coarser cells are its leading bits.
/// </summary>
internal readonly record struct GeoCell(int X, int Y)
{
    /// <summary>Precisions, finest first: geohashes of 5, 4, 3 and 2 characters (5, 39, 156 and 1,250 km wide at the equator).</summary>
    public const int Levels = 4;

    private const int XBits = 13;
    private const int YBits = 12;

    private const string Digits = "0123456789bcdefghjkmnpqrstuvwxyz";

    private static readonly int[] XDropped = [0, 3, 5, 8];
    private static readonly int[] YDropped = [0, 2, 5, 7];

    public static GeoCell Of(GeoPoint place) => new(
        Bin((place.Longitude + 180) / 360, 1 << XBits),
        Bin((place.Latitude + 90) / 180, 1 << YBits));

    /// <summary>The key of the cell at this precision that lies so many cells east and north of this one; -1 beyond a pole.</summary>
    public int Key(int level, int east = 0, int north = 0)
    {
        var columns = 1 << (XBits - XDropped[level]);
        var rows = 1 << (YBits - YDropped[level]);
        var row = (Y >> YDropped[level]) + north;
        if (row < 0 || row >= rows)
            return -1;
        var column = ((X >> XDropped[level]) + east) & (columns - 1);
        return (level << (XBits + YBits)) | (column << YBits) | row;
    }

    /// <summary>Its middle: what is told of a place is never more exact.</summary>
    public GeoPoint Centre => new((Y + 0.5) / (1 << YBits) * 180 - 90, (X + 0.5) / (1 << XBits) * 360 - 180);

    public string Geohash => ToGeohash(5);

    /// <summary>The geohash of it, or of a coarser cell around it: bits of longitude and latitude in turn, five a character.</summary>
    /// <param name="characters">1 to 5.</param>
    public string ToGeohash(int characters) => string.Create(characters, this, static (text, cell) =>
    {
        var (x, y) = (XBits, YBits);
        for (var i = 0; i < text.Length; i++)
        {
            var bits = 0;
            for (var bit = 0; bit < 5; bit++)
                bits = (bits << 1) | ((i * 5 + bit) % 2 == 0 ? (cell.X >> --x) & 1 : (cell.Y >> --y) & 1);
            text[i] = Digits[bits];
        }
    });

    private static int Bin(double share, int bins) => Math.Clamp((int)(share * bins), 0, bins - 1);
}
