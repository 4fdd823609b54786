namespace Mesh.Node.Limits;

/// <summary>Bytes of memory.</summary>
/// <param name="Available">What programs can still get, the limits of this process's control group included.</param>
/// <param name="Resident">What this process holds.</param>
/// <param name="GroupLimit">The lowest limit of its control group and those above; null = none.</param>
public readonly record struct MemoryReading(long Available, long Resident, long? GroupLimit);

/// <summary>How much memory is left, as the kernel tells: for the signal <c>Vehicle.Mesh.Memory.Available</c>. Thread-safe, a few file reads a call.</summary>
public sealed class MemoryProbe(SystemFiles files)
{
    /// <summary>v1 writes 'no limit' as the largest number of pages; nothing real comes near.</summary>
    private const long NoLimit = 1L << 60;

    /// <summary>Null: the kernel does not tell, which is no permission to take any.</summary>
    public MemoryReading? Read()
    {
        if (Kibibytes("/proc/meminfo", "MemAvailable:") is not { } available)
            return null;
        var resident = Kibibytes("/proc/self/status", "VmRSS:") ?? 0;
        long? limit = null;
        if (CgroupTree.Of(files, "memory") is { } own)
        {
            foreach (var folder in CgroupTree.Ancestry(files, own))
            {
                if (LimitOf(folder, own.IsV2) is not { } lower)
                    continue;
                available = Math.Min(available, Math.Max(0, lower - InUse(folder, own.IsV2)));
                limit = Math.Min(limit ?? long.MaxValue, lower);
            }
        }

        return new MemoryReading(available, resident, limit);
    }

    private long? LimitOf(string folder, bool isV2) =>
        files.Number($"{folder}/{(isV2 ? "memory.max" : "memory.limit_in_bytes")}") is { } limit && limit < NoLimit ? limit : null;

    /// <summary>Without file content that the kernel drops as soon as anyone needs room.</summary>
    private long InUse(string folder, bool isV2)
    {
        var used = files.Number($"{folder}/{(isV2 ? "memory.current" : "memory.usage_in_bytes")}") ?? 0;
        return Math.Max(0, used - (Value($"{folder}/memory.stat", isV2 ? "inactive_file" : "total_inactive_file") ?? 0));
    }

    private long? Kibibytes(string path, string name) => Value(path, name) * 1024;

    private long? Value(string path, string name)
    {
        var line = files.Lines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)
            && (line.Length == name.Length || line[name.Length] is ' ' or '\t'));
        return line?.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..]
            && long.TryParse(number, out var value) ? value : null;
    }
}
