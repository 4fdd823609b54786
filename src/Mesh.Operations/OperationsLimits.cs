namespace Mesh.Operations;

/// <summary>How large anything may be that travels between pbm and a host. Both ends hold to it.</summary>
public static class OperationsLimits
{
    /// <summary>Characters of a command, its words joined.</summary>
    public const int LineLength = 4096;

    /// <summary>Words of a command.</summary>
    public const int Words = 64;

    public const int Columns = 64;

    /// <summary>Characters of a cell or a line; what is longer is cut and ends with '…'.</summary>
    public const int TextLength = 32 * 1024;

    /// <summary>Characters of a document's JSON.</summary>
    public const int DocumentLength = 1024 * 1024;

    /// <summary>Objects and lists within each other in a document.</summary>
    public const int DocumentDepth = 32;

    /// <summary>Characters of what an error tells: it travels in a header.</summary>
    public const int ErrorLength = 2000;

    /// <summary>Hosts that one referral names.</summary>
    public const int Referrals = 8;

    /// <summary>Characters of HOST:PORT.</summary>
    public const int HostLength = 300;

    public const int Palettes = 64;

    /// <summary>Commands of a palette.</summary>
    public const int Commands = 128;

    /// <summary>Arguments of a command.</summary>
    public const int Arguments = 32;

    /// <summary>Values that a host offers for a begun word.</summary>
    public const int Candidates = 100;

    /// <summary>Characters of each.</summary>
    public const int CandidateLength = 256;

    /// <summary>What a command that is not endless may take, when its definition says how long.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromHours(1);

    public static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");
}
