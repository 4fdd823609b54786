using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>The token file as it is now. One that cannot be read any more, or holds nonsense, lets nobody in until it is good again.</summary>
internal sealed partial class TokenFile(string path, ILogger<TokenFile> logger)
{
    private readonly Lock _lock = new();
    private (DateTime Written, long Length) _seen;
    private TokenTable? _table;

    public string? NameOf(string token) => Current()?.NameOf(token);

    private TokenTable? Current()
    {
        lock (_lock)
        {
            var file = new FileInfo(path);
            var now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
            if (_seen == now && now != default)
                return _table;
            (_seen, _table) = (now, null);
            try
            {
                _table = TokenTable.Parse(File.ReadAllText(path));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                LogUnreadable(path, e.Message);
            }

            return _table;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Operators' tokens cannot be read from {Path}, so that nobody has one: {Reason}")]
    private partial void LogUnreadable(string path, string reason);
}
