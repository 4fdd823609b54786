using Mesh.Messages;

namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// Vehicles by place: geohash cells at a few precisions and one cell of all, each with its idle vehicles first. Adding,
/// removing and becoming busy cost the same however many there are; so does a walk, which meets nearest cells first.
/// </summary>
internal sealed class GeoIndex
{
    private readonly Dictionary<int, Cell> _cells = [];
    private readonly Cell _all = new(-1);
    private int _walk;
    private int _wanted;
    private IReadOnlySet<VehicleId>? _without;

    public int Count => _all.Count;

    public void Add(IndexEntry entry, bool idle)
    {
        for (var level = 0; level < GeoCell.Levels; level++)
        {
            var key = entry.Vehicle.Cell.Key(level);
            if (!_cells.TryGetValue(key, out var cell))
                _cells[key] = cell = new Cell(key);
            cell.Add(entry, level);
        }

        _all.Add(entry, GeoCell.Levels);
        if (idle)
            SetIdle(entry, true);
    }

    public void Remove(IndexEntry entry)
    {
        SetIdle(entry, false);
        for (var level = 0; level <= GeoCell.Levels; level++)
        {
            var cell = entry.Cells[level]!;
            cell.Remove(entry, level);
            if (cell.Count == 0 && cell != _all)
                _cells.Remove(cell.Key);
        }
    }

    public static void SetIdle(IndexEntry entry, bool idle)
    {
        for (var level = 0; level <= GeoCell.Levels; level++)
            entry.Cells[level]!.SetIdle(entry, level, idle);
    }

    /// <summary>
    /// Writes vehicles into <paramref name="found"/>, those of nearest cells first: up to <paramref name="idle"/> idle ones and
    /// as many of the others as there is room for after those. Out of a cell that holds more than are wanted, a run from a
    /// random start.
    /// </summary>
    /// <param name="random">Null = the starts follow from how many walks there were.</param>
    /// <param name="without">Vehicles to pass over.</param>
    /// <returns>How many were written.</returns>
    public int Walk(GeoCell origin, Span<IndexEntry?> found, int idle, Random? random, IReadOnlySet<VehicleId>? without = null)
    {
        _walk++;
        _without = without is { Count: > 0 } ? without : null;
        _wanted = found.Length;
        var (idleLeft, busyLeft) = (Math.Min(idle, found.Length), found.Length - Math.Min(idle, found.Length));
        var count = 0;
        if (Count > found.Length)
        {
            for (var level = 0; level < GeoCell.Levels && (idleLeft > 0 || busyLeft > 0); level++)
                count += Block(origin, level, found[count..], ref idleLeft, ref busyLeft, random);
        }

        count += Take(_all, found[count..], ref idleLeft, ref busyLeft, random);
        // Idle ones that were not to be had leave their share to the others.
        var rest = found.Length - count;
        return count + Take(_all, _all.Idle, _all.Count, found[count..], ref rest, random);
    }

    /// <summary>The cell of the origin, then its eight neighbours: a vehicle across the border may be next door.</summary>
    private int Block(GeoCell origin, int level, Span<IndexEntry?> found, ref int idle, ref int busy, Random? random)
    {
        var count = _cells.TryGetValue(origin.Key(level), out var own) ? Take(own, found, ref idle, ref busy, random) : 0;
        for (var north = -1; north <= 1; north++)
        {
            for (var east = -1; east <= 1 && (idle > 0 || busy > 0); east++)
            {
                if ((north, east) != (0, 0) && _cells.TryGetValue(origin.Key(level, east, north), out var neighbour))
                    count += Take(neighbour, found[count..], ref idle, ref busy, random);
            }
        }

        return count;
    }

    private int Take(Cell cell, Span<IndexEntry?> found, ref int idle, ref int busy, Random? random)
    {
        var count = Take(cell, 0, cell.Idle, found, ref idle, random);
        count += Take(cell, cell.Idle, cell.Count, found[count..], ref busy, random);
        // More idle ones here are better than busy ones farther away.
        return idle > 0 ? count : count + Take(cell, 0, cell.Idle, found[count..], ref busy, random);
    }

    /// <summary>Some of the cell's entries from one position to another that this walk has not met, at most <paramref name="left"/>.</summary>
    private int Take(Cell cell, int from, int to, Span<IndexEntry?> found, ref int left, Random? random)
    {
        var length = to - from;
        if (length == 0 || left == 0)
            return 0;
        // Those met in finer cells are passed over; they are no more than are wanted in all, and those to pass over.
        var steps = Math.Min(length, left + _wanted + (_without?.Count ?? 0));
        var at = length > left ? random?.Next(length) ?? (int)((uint)_walk % (uint)length) : 0;
        var count = 0;
        for (var step = 0; step < steps && left > 0; step++)
        {
            var entry = cell.Entries[from + at];
            at = at + 1 == length ? 0 : at + 1;
            if (entry.Walk == _walk)
                continue;
            entry.Walk = _walk;
            if (_without?.Contains(entry.Vehicle.Id) == true)
                continue;
            found[count++] = entry;
            left--;
        }

        return count;
    }

    /// <summary>Entries of one cell, the idle ones first.</summary>
    internal sealed class Cell(int key)
    {
        public int Key => key;

        public IndexEntry[] Entries { get; private set; } = new IndexEntry[4];

        public int Count { get; private set; }

        public int Idle { get; private set; }

        public void Add(IndexEntry entry, int level)
        {
            if (Count == Entries.Length)
                Resize(Count * 2);
            Put(entry, level, Count++);
            entry.Cells[level] = this;
        }

        /// <summary>It is not among the idle ones.</summary>
        public void Remove(IndexEntry entry, int level)
        {
            var last = Entries[--Count];
            Put(last, level, entry.Positions[level]);
            Entries[Count] = null!;
            entry.Cells[level] = null;
            if (Entries.Length > 8 && Count < Entries.Length / 4)
                Resize(Entries.Length / 2);
        }

        public void SetIdle(IndexEntry entry, int level, bool idle)
        {
            var position = entry.Positions[level];
            if (position < Idle == idle)
                return;
            var border = idle ? Idle++ : --Idle;
            Put(Entries[border], level, position);
            Put(entry, level, border);
        }

        private void Put(IndexEntry entry, int level, int position)
        {
            Entries[position] = entry;
            entry.Positions[level] = position;
        }

        private void Resize(int length)
        {
            var entries = Entries;
            Array.Resize(ref entries, length);
            Entries = entries;
        }
    }
}
