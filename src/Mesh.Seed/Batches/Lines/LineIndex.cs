namespace Mesh.Seed.Batches.Lines;

/// <summary>
/// Where lines of a file start, for some of them: enough to find any line by passing over few others, and small for a file of
/// many lines.
/// </summary>
/// <param name="Lines">Indices of lines, rising; the first is 0.</param>
/// <param name="Offsets">Of the first byte of each of them.</param>
internal sealed record LineIndex(IReadOnlyList<int> Lines, IReadOnlyList<long> Offsets)
{
    private const int LinesApart = 64;
    private const int BytesApart = 1 << 20;

    /// <summary>Of a file that was not gone through: only its start is known.</summary>
    public static LineIndex Start { get; } = new([0], [0]);

    /// <summary>The last known line at or before <paramref name="line"/>, and its offset.</summary>
    public (int Line, long Offset) Before(int line)
    {
        var (low, high) = (0, Lines.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Lines[middle] <= line)
                low = middle;
            else
                high = middle - 1;
        }

        return (Lines[low], Offsets[low]);
    }

    internal sealed class Builder
    {
        private readonly List<int> _lines = [0];
        private readonly List<long> _offsets = [0];

        public void Add(int line, long offset)
        {
            if (line - _lines[^1] < LinesApart && offset - _offsets[^1] < BytesApart)
                return;
            _lines.Add(line);
            _offsets.Add(offset);
        }

        public LineIndex Build() => new(_lines, _offsets);
    }
}
