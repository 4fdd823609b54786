using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>The token file as it is now. One that cannot be read any more, or holds nonsense, lets nobody in until it is good again.</summary>
internal sealed partial class TokenFile
{
    private readonly ILogger<TokenFile> _logger;
    private readonly WatchedFiles<TokenTable> _file;

    public TokenFile(string path, ILogger<TokenFile> logger)
    {
        _logger = logger;
        _file = new WatchedFiles<TokenTable>([path], files => TokenTable.Parse(PemFiles.Text(files[0])), reason => LogUnreadable(path, reason));
    }

    public string? NameOf(string token) => _file.Current?.NameOf(token);

    [LoggerMessage(Level = LogLevel.Error, Message = "Operators' tokens cannot be read from {Path}, so that nobody has one: {Reason}")]
    private partial void LogUnreadable(string path, string reason);
}
