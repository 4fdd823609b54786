using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>
/// The trouble of a batch's lines, by what it is: a unit's lines fare alike, so there are few kinds however many lines there
/// are. Pure; only lines without an outcome are in it.
/// </summary>
public sealed class LineTroubles
{
    private readonly Dictionary<LineTrouble, LineSet> _kinds = [];

    /// <summary>Every line that has any.</summary>
    public LineSet Lines { get; } = new();

    /// <summary>In the order of their first lines.</summary>
    public IEnumerable<(LineTrouble Trouble, LineSet Lines)> Kinds =>
        _kinds.OrderBy(kind => kind.Value.Ranges[0].First).Select(kind => (kind.Key, kind.Value));

    public LineTrouble Of(int line)
    {
        if (Lines.Contains(line))
        {
            foreach (var (trouble, lines) in _kinds)
            {
                if (lines.Contains(line))
                    return trouble;
            }
        }

        return LineTrouble.None;
    }

    /// <summary>More of it.</summary>
    public void Add(IEnumerable<LineRange> lines, Func<LineTrouble, LineTrouble> more)
    {
        var changed = new List<(LineTrouble Trouble, LineRange Lines)>();
        foreach (var range in lines)
        {
            changed.AddRange(Lines.Outside(range).Select(fresh => (more(LineTrouble.None), fresh)));
            foreach (var (trouble, known) in _kinds)
                changed.AddRange(known.Within(range).Select(part => (more(trouble), part)));
        }

        Settle(changed.Select(change => change.Lines));
        foreach (var (trouble, range) in changed)
        {
            if (!_kinds.TryGetValue(trouble, out var kind))
                _kinds[trouble] = kind = new LineSet();
            kind.Add(range);
            Lines.Add(range);
        }
    }

    /// <summary>They have their outcome.</summary>
    public void Settle(IEnumerable<LineRange> lines)
    {
        foreach (var range in lines)
        {
            if (!Lines.Within(range).Any())
                continue;
            Lines.Except(range);
            foreach (var (trouble, kind) in _kinds)
            {
                kind.Except(range);
                if (kind.Count == 0)
                    _kinds.Remove(trouble); // Does not disturb the walk.
            }
        }
    }
}
