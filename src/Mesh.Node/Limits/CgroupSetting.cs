namespace Mesh.Node.Limits;

/// <summary>The setting <c>cgroup</c>: where the vehicle's control group may be made.</summary>
public sealed record CgroupSetting
{
    /// <summary>What the setting needs, for people.</summary>
    public const string Needs = "'auto' (below the process's own control group), 'off', or the folder of a control group to make its own in";

    public static CgroupSetting Auto { get; } = new();

    public static CgroupSetting Off { get; } = new() { IsOff = true };

    public bool IsOff { get; private init; }

    /// <summary>Null: the process's own group.</summary>
    public string? Parent { get; private init; }

    /// <summary>Null: it is none.</summary>
    public static CgroupSetting? Parse(string text) => text switch
    {
        "auto" => Auto,
        "off" => Off,
        _ when text.StartsWith('/') && text.Trim('/').Length > 0 => new CgroupSetting { Parent = text.TrimEnd('/') },
        _ => null,
    };
}

/// <summary>How much of the computer the vehicle's process may use; null = no limit.</summary>
/// <param name="Cores">Of processor time, above 0: one thread that is always busy uses 1.</param>
/// <param name="MemoryBytes">Of the whole process, not of models alone.</param>
public sealed record CgroupLimits(double? Cores, long? MemoryBytes)
{
    /// <summary>Processor time beside others that want it, 1 to 10,000, where everything else has 100.</summary>
    public int Weight { get; init; } = 10;
}
