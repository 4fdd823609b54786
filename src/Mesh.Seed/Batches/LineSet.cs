using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>A set of line indexes, kept as disjoint ranges in ascending order: lines come and go in runs.</summary>
public sealed class LineSet
{
    private readonly List<LineRange> _ranges = [];

    public LineSet()
    {
    }

    /// <exception cref="ArgumentException">A range is empty, negative or overlaps another.</exception>
    public LineSet(IEnumerable<LineRange> ranges)
    {
        foreach (var range in ranges)
            Add(range);
    }

    public int Count { get; private set; }

    public IReadOnlyList<LineRange> Ranges => _ranges;

    public IEnumerable<int> Lines => _ranges.SelectMany(range => Enumerable.Range(range.First, range.Count));

    /// <exception cref="ArgumentException">The range is empty or negative, or one of its lines is there already.</exception>
    public void Add(LineRange range)
    {
        Check(range);
        var next = Next(range.First);
        if ((next > 0 && End(_ranges[next - 1]) > range.First) || (next < _ranges.Count && _ranges[next].First < End(range)))
            throw new ArgumentException($"{range} overlaps lines that are in the set");
        Count += range.Count;
        // Neighbours grow together.
        if (next < _ranges.Count && _ranges[next].First == End(range))
        {
            range = range with { Count = range.Count + _ranges[next].Count };
            _ranges.RemoveAt(next);
        }

        if (next > 0 && End(_ranges[next - 1]) == range.First)
            _ranges[next - 1] = _ranges[next - 1] with { Count = _ranges[next - 1].Count + range.Count };
        else
            _ranges.Insert(next, range);
    }

    /// <exception cref="ArgumentException">A line of the range is not there.</exception>
    public void Remove(LineRange range)
    {
        if (!Contains(range))
            throw new ArgumentException($"{range} is not in the set as a whole");
        var at = Next(range.First + 1) - 1;
        var found = _ranges[at];
        _ranges.RemoveAt(at);
        if (End(range) < End(found))
            _ranges.Insert(at, new LineRange(End(range), End(found) - End(range)));
        if (found.First < range.First)
            _ranges.Insert(at, new LineRange(found.First, range.First - found.First));
        Count -= range.Count;
    }

    public bool Contains(LineRange range)
    {
        Check(range);
        var at = Next(range.First + 1) - 1;
        return at >= 0 && End(_ranges[at]) >= End(range);
    }

    public bool Contains(int line) => line >= 0 && Next(line + 1) - 1 is >= 0 and var at && End(_ranges[at]) > line;

    /// <summary>What of the range is in the set.</summary>
    public IEnumerable<LineRange> Within(LineRange range)
    {
        Check(range);
        for (var at = Math.Max(0, Next(range.First) - 1); at < _ranges.Count && _ranges[at].First < End(range); at++)
        {
            var (first, end) = (Math.Max(range.First, _ranges[at].First), Math.Min(End(range), End(_ranges[at])));
            if (first < end)
                yield return new LineRange(first, end - first);
        }
    }

    /// <summary>What of the range is not in the set.</summary>
    public IEnumerable<LineRange> Outside(LineRange range)
    {
        var next = range.First;
        foreach (var within in Within(range))
        {
            if (within.First > next)
                yield return new LineRange(next, within.First - next);
            next = End(within);
        }

        if (next < End(range))
            yield return new LineRange(next, End(range) - next);
    }

    /// <summary>Takes out what of the range is there.</summary>
    public void Except(LineRange range)
    {
        foreach (var within in Within(range).ToList())
            Remove(within);
    }

    /// <summary>The first <paramref name="count"/> lines, or all when there are fewer.</summary>
    public IReadOnlyList<LineRange> First(int count) => First(_ranges, count);

    /// <summary>The first lines of these ranges, as many as there are up to <paramref name="count"/>.</summary>
    public static IReadOnlyList<LineRange> First(IEnumerable<LineRange> ranges, int count)
    {
        var taken = new List<LineRange>();
        foreach (var range in ranges)
        {
            if (count <= 0)
                break;
            taken.Add(range with { Count = Math.Min(count, range.Count) });
            count -= taken[^1].Count;
        }

        return taken;
    }

    /// <summary>Single lines in any order, each once, as ranges.</summary>
    public static IReadOnlyList<LineRange> Of(List<int> lines)
    {
        lines.Sort();
        var ranges = new List<LineRange>();
        foreach (var line in lines)
        {
            if (ranges.Count > 0 && End(ranges[^1]) == line)
                ranges[^1] = ranges[^1] with { Count = ranges[^1].Count + 1 };
            else
                ranges.Add(new LineRange(line, 1));
        }

        return ranges;
    }

    private static int End(LineRange range) => range.First + range.Count;

    private static void Check(LineRange range)
    {
        if (range.First < 0 || range.Count <= 0 || range.First > int.MaxValue - range.Count)
            throw new ArgumentException($"{range} is no range of lines");
    }

    /// <summary>Position of the first range that starts at or after the line.</summary>
    private int Next(int line)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].First < line)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
