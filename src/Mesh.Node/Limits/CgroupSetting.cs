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

    /// <summary>As one writes it.</summary>
    public override string ToString() => IsOff ? "off" : Parent ?? "auto";

    /// <summary>Null: it is none.</summary>
    public static CgroupSetting? Parse(string text) => text switch
    {
        "auto" => Auto,
        "off" => Off,
        _ when text.StartsWith('/') && text.Trim('/').Length > 0 => new CgroupSetting { Parent = text.TrimEnd('/') },
        _ => null,
    };
}
