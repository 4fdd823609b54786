using System.Runtime.CompilerServices;

namespace Mesh.Seed.Routing.Choice;

/// <summary>A vehicle's place in one <see cref="GeoIndex"/>, so that it leaves and moves without a search.</summary>
internal class IndexEntry(RoutedVehicle vehicle)
{
    internal CellSlots Cells;
    internal CellPositions Positions;

    /// <summary>The walk that met it last: finer and coarser cells hold the same vehicles.</summary>
    internal int Walk;

    public RoutedVehicle Vehicle { get; } = vehicle;

    public bool IsIn => Cells[GeoCell.Levels] is not null;

    [InlineArray(GeoCell.Levels + 1)]
    internal struct CellSlots
    {
        private GeoIndex.Cell? _first;
    }

    [InlineArray(GeoCell.Levels + 1)]
    internal struct CellPositions
    {
        private int _first;
    }
}
