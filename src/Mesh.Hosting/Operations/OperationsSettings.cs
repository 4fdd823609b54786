using System.Net;
using Mesh.Hosting.Settings;

namespace Mesh.Hosting.Operations;

/// <summary>Where operators connect to with pbm, and how they prove who they are. The same for seeds and vehicles.</summary>
public sealed record OperationsSettings
{
    /// <summary>What a seed listens on.</summary>
    public const int DefaultPort = 9110;

    public static IReadOnlyList<Setting> Known(bool isOffUnlessSet) =>
    [
        new("pbm-port", "the operators' port: " + SettingParsers.PortNeeds, WhenNotSet: isOffUnlessSet ? "operators cannot connect" : null),
        new("pbm-bind", "a local IP address that operators connect to; off loopback it needs --pbm-cert and --pbm-ca or --pbm-tokens",
            WhenNotSet: "--bind where that is a loopback address, else 127.0.0.1"),
        new("pbm-cert", "the PEM file of the certificate that operators see, with what it is signed by; read again when it changes, as the next two"),
        new("pbm-key", "the PEM file of that certificate's private key"),
        new("pbm-ca", "the PEM file of the authority that signs operators' certificates"),
        new("pbm-crl", "the file of that authority's certificate revocation list, PEM or DER: whose certificate it names is not let in any more; read again when it changes",
            WhenNotSet: "nobody is asked whether a certificate is revoked"),
        new("pbm-tokens", "the file with operators' tokens, lines of NAME and the token's SHA-256 in hex; read again when it changes"),
    ];

    /// <summary>Null = operators cannot connect; 0 = any free port.</summary>
    public int? Port { get; init; }

    public IPAddress Bind { get; init; } = IPAddress.Loopback;

    /// <summary>Path of a PEM file; null = no TLS.</summary>
    public string? Certificate { get; init; }

    public string? Key { get; init; }

    /// <summary>Path of a PEM file; null = no operator has a certificate.</summary>
    public string? Authority { get; init; }

    /// <summary>Path of a PEM or DER file with the authority's revocation lists; null = nobody keeps any.</summary>
    public string? Revoked { get; init; }

    /// <summary>Path of the token file; null = no operator has a token.</summary>
    public string? Tokens { get; init; }

    /// <summary>Without either, whoever reaches the port may do everything: only on loopback.</summary>
    public bool KnowsOperators => Authority is not null || Tokens is not null;

    /// <param name="port">When none is set; null = operators cannot connect.</param>
    /// <param name="bind">Where the program's other ports listen.</param>
    public static OperationsSettings Read(SettingsReader reader, int? port, IPAddress bind)
    {
        var read = reader.Optional("pbm-port", SettingParsers.Port, port ?? -1);
        return new OperationsSettings
        {
            Port = read < 0 ? null : read,
            Bind = reader.Optional("pbm-bind", SettingParsers.Address, IPAddress.IsLoopback(bind) ? bind : IPAddress.Loopback),
            Certificate = File("pbm-cert"),
            Key = File("pbm-key"),
            Authority = File("pbm-ca"),
            Revoked = File("pbm-crl"),
            Tokens = File("pbm-tokens"),
        };

        string? File(string name) =>
            reader.Optional(name, SettingParsers.Text, "") is { Length: > 0 } path ? Path.GetFullPath(path) : null;
    }

    /// <summary>Why the port cannot be listened on now.</summary>
    public IReadOnlyList<string> PortProblems() => PortCheck.Problems(Bind, ("pbm-port", Port ?? 0));

    /// <summary>What is wrong with the settings together and with the files that they name, all at once.</summary>
    public IReadOnlyList<string> Problems() => Port is null ? [] :
    [
        .. IPAddress.IsLoopback(Bind) ? [] : ProblemsOffLoopback(),
        .. Certificate is null == Key is null ? [] : (string[])["--pbm-cert and --pbm-key belong together: needs both or none"],
        .. Authority is null || Certificate is not null
            ? []
            : (string[])["--pbm-ca: operators' certificates are shown in TLS only: needs --pbm-cert and --pbm-key too"],
        .. Certificate is null || Key is null ? [] : ProblemsOf("pbm-cert", () => PemFiles.Server(Certificate, Read(Certificate), Key, Read(Key)).Certificate.Dispose()),
        .. Authority is null ? [] : ProblemsOf("pbm-ca", () => PemFiles.Certificates(Authority, Read(Authority))),
        .. Revoked is null || Authority is not null ? [] : (string[])["--pbm-crl: it lists certificates of the authority of --pbm-ca, which is not set"],
        .. Revoked is null || Authority is null ? [] : ProblemsOf("pbm-crl", () => LoadRevocations(Revoked, Authority)),
        .. Tokens is null ? [] : ProblemsOf("pbm-tokens", () => TokenTable.Parse(System.IO.File.ReadAllText(Tokens))),
    ];

    private IEnumerable<string> ProblemsOffLoopback()
    {
        if (Certificate is null)
            yield return $"--pbm-bind {Bind}: off loopback operators connect with TLS only: needs --pbm-cert and --pbm-key";
        if (!KnowsOperators)
            yield return $"--pbm-bind {Bind}: off loopback operators prove who they are: needs --pbm-ca (their certificates), --pbm-tokens (their tokens) or both";
    }

    /// <summary>One that has expired is no problem of a start: the member must work, and tokens do.</summary>
    private static void LoadRevocations(string path, string authority) =>
        Revocations.Of(path, RevocationList.Parse(path, Read(path)), PemFiles.Certificates(authority, Read(authority)));

    private static byte[] Read(string path) => System.IO.File.ReadAllBytes(path);

    private static string[] ProblemsOf(string setting, Action load)
    {
        try
        {
            load();
            return [];
        }
        catch (Exception e) when (WatchedFiles<object>.IsFilesFault(e))
        {
            return [$"--{setting}: {e.Message}"];
        }
    }
}
