using Mesh.Messages.Control;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.WorkStreams;

namespace Mesh.Seed.Batches.Running;

/// <summary>Result lines that were gathered since the last write, of all units of a batch, and what follows once they are recorded.</summary>
internal sealed class Gathering : IDisposable
{
    private readonly Dictionary<ulong, Part> _parts = [];

    public PooledBuffer Results { get; } = new(64 << 10);

    public PooledBuffer Errors { get; } = new();

    /// <summary>Units to be told closed afterwards.</summary>
    public List<(UnitRun Unit, UnitEnd? How)> Closings { get; } = [];

    public IEnumerable<Part> Parts => _parts.Values;

    public long Bytes => (long)Results.Length + Errors.Length;

    public int Lines => _parts.Values.Sum(part => part.Done.Count + part.Failed.Count);

    public bool IsEmpty => _parts.Count == 0 && Closings.Count == 0;

    /// <param name="unit">0 = of the seed itself.</param>
    public Part Of(ulong unit)
    {
        if (!_parts.TryGetValue(unit, out var part))
            _parts[unit] = part = new Part(unit);
        return part;
    }

    public IReadOnlyList<UnitOutcomes> Outcomes() =>
    [
        .. _parts.Values.Where(part => part.Done.Count + part.Failed.Count > 0)
            .Select(part => new UnitOutcomes(part.Unit, LineSet.Of(part.Done), LineSet.Of(part.Failed))),
    ];

    public void Dispose()
    {
        Results.Dispose();
        Errors.Dispose();
    }

    internal sealed class Part(ulong unit)
    {
        public ulong Unit => unit;

        public List<int> Done { get; } = [];

        public List<int> Failed { get; } = [];

        /// <summary>Lines whose results the vehicle may forget.</summary>
        public List<int> Acks { get; } = [];

        /// <summary>Where the vehicle is now.</summary>
        public WorkStreamConnection? Stream { get; set; }
    }
}
