using System.Collections.Immutable;

namespace Mesh.Pbm.Connection;

/// <summary>How a host is reached, and who asks. Paths are of PEM files; null = not given.</summary>
internal sealed record ConnectionOptions
{
    public const string TokenVariable = "PBM_TOKEN";

    /// <summary>Options with a file behind them.</summary>
    public static readonly ImmutableArray<string> FileOptions = ["--ca", "--cert", "--key", "--token-file"];

    public bool Tls { get; init; }

    public string? Authority { get; init; }

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public string? TokenFile { get; init; }

    public static (ConnectionOptions Options, ImmutableArray<string> Others, ImmutableArray<string> Errors) Read(IReadOnlyList<string> arguments)
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var (rest, errors, tls) = (ImmutableArray.CreateBuilder<string>(), ImmutableArray.CreateBuilder<string>(), false);
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, value) = arguments[i].Split('=', 2) is [var left, var right] ? (left, right) : (arguments[i], null);
            if (arguments[i] == "--")
            {
                rest.AddRange(arguments.Skip(i));
                break;
            }

            if (arguments[i] == "--tls")
                tls = true;
            else if (!FileOptions.Contains(name))
                rest.Add(arguments[i]);
            else if ((value ??= i + 1 < arguments.Count ? arguments[++i] : "").Length == 0)
                errors.Add($"{name} has no value: needs the path of a file");
            else if (!files.TryAdd(name, value))
                errors.Add($"{name} is given twice");
        }

        var options = new ConnectionOptions
        {
            Tls = tls || files.Keys.Any(name => name != "--token-file"),
            Authority = files.GetValueOrDefault("--ca"),
            Certificate = files.GetValueOrDefault("--cert"),
            Key = files.GetValueOrDefault("--key"),
            TokenFile = files.GetValueOrDefault("--token-file"),
        };
        if (options.Certificate is null != options.Key is null)
            errors.Add("--cert and --key belong together: give both or none");
        return (options, rest.ToImmutable(), errors.ToImmutable());
    }
}
