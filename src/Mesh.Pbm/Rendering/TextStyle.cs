namespace Mesh.Pbm.Rendering;

/// <param name="Width">Columns of the terminal; null = nothing is shortened.</param>
internal sealed record TextStyle(int? Width, bool HasColours)
{
    public static TextStyle Plain { get; } = new(null, false);

    public string Head(string text) => Code(text, "1");

    public string Error(string text) => Code(text, "31");

    /// <summary>States that need a look stand out.</summary>
    public string State(string text, string state) => state switch
    {
        "up" or "serving" or "ready" or "idle" or "parked" or "completed" or "online" or "ok" => Code(text, "32"),
        "joining" or "leaving" or "exiting" or "draining" or "weaklyup" or "away" or "degraded" or "cancelling" or "waiting" => Code(text, "33"),
        "down" or "removed" or "unreachable" or "failed" or "lost" or "expired" or "error" => Code(text, "31"),
        _ => text,
    };

    private string Code(string text, string code) => HasColours && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}
