using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Running;

/// <summary>What a result of a unit's line is.</summary>
public enum LineClaim
{
    /// <summary>The line's first outcome.</summary>
    Accepted,

    /// <summary>The line has one already, or was given up.</summary>
    Duplicate,

    /// <summary>No line of this unit.</summary>
    Unknown,
}

/// <summary>Which lines of a unit still wait for a result. Pure; only what is accepted here is ever written.</summary>
public sealed class UnitClaims(IReadOnlyList<LineRange> lines)
{
    private readonly LineSet _all = new(lines);
    private readonly HashSet<int> _open = [.. lines.SelectMany(range => Enumerable.Range(range.First, range.Count))];

    /// <summary>Every line has an outcome, or was given up.</summary>
    public bool IsComplete => _open.Count == 0;

    /// <summary>Lines that the vehicle could not run: others may.</summary>
    public LineSet GivenUp { get; } = new();

    /// <summary>Lines that got their result from the vehicle.</summary>
    public int Taken { get; private set; }

    public LineClaim Look(int line) =>
        _open.Contains(line) ? LineClaim.Accepted : _all.Contains(line) ? LineClaim.Duplicate : LineClaim.Unknown;

    /// <summary>Takes the line's one result.</summary>
    /// <exception cref="InvalidOperationException">It is not <see cref="LineClaim.Accepted"/>.</exception>
    public void Take(int line)
    {
        Close(line);
        Taken++;
    }

    /// <summary>The seed itself settled the line.</summary>
    public void Refuse(int line) => Close(line);

    public void GiveUp(int line)
    {
        Close(line);
        GivenUp.Add(new LineRange(line, 1));
    }

    private void Close(int line)
    {
        if (!_open.Remove(line))
            throw new InvalidOperationException($"Line {line} does not wait for a result.");
    }
}
