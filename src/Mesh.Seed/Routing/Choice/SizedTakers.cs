using System.Numerics;
using Mesh.Messages;

namespace Mesh.Seed.Routing.Choice;

/// <summary>Takers by their memory, in powers of two: so that many small vehicles do not hide the few that are large enough.</summary>
internal sealed class SizedTakers
{
    /// <summary>One for each power of two; null = never used. Those of unknown memory come first.</summary>
    private readonly GeoIndex?[] _sizes = new GeoIndex?[65];

    public GeoIndex Of(RoutedVehicle vehicle) => _sizes[SizeOf(vehicle.MemoryBytes)] ??= new GeoIndex();

    /// <summary>
    /// Writes takers that have so much memory, or may have: those certain to have it first, and of one size as
    /// <see cref="GeoIndex.Walk"/> does.
    /// </summary>
    public int Walk(long memoryBytes, GeoCell origin, Span<IndexEntry?> found, Random? random, IReadOnlySet<VehicleId>? without)
    {
        var (count, least) = (0, SizeOf(memoryBytes));
        for (var size = least + 1; size < _sizes.Length; size++)
            Add(_sizes[size], found);
        Add(_sizes[0], found);
        if (least > 0)
            Add(_sizes[least], found);
        return count;

        void Add(GeoIndex? takers, Span<IndexEntry?> all)
        {
            if (takers is { Count: > 0 } && count < all.Length)
                count += takers.Walk(origin, all[count..], (all.Length - count + 1) / 2, random, without);
        }
    }

    private static int SizeOf(long memoryBytes) => memoryBytes <= 0 ? 0 : 1 + BitOperations.Log2((ulong)memoryBytes);
}
