using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>The token file as it is now. One that cannot be read any more, or holds nonsense, lets nobody in until it is good again.</summary>
internal sealed partial class TokenFile(string path, ILogger<TokenFile> logger)
{
    private readonly Lock _lock = new();
    private (DateTime Written, long Length) _seen;
    private TokenTable? _table;
    private string? _told;

    public string? NameOf(string token) => Current()?.NameOf(token);

    private TokenTable? Current()
    {
        lock (_lock)
        {
            var file = new FileInfo(path);
            var now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
            if (_seen == now && now != default)
                return _table;
            (_seen, _table) = (default, null);
            try
            {
                var text = File.ReadAllText(path);
                // Not before: what could not be read may be readable the next time, though the file is the same.
                _seen = now;
                _table = TokenTable.Parse(text);
                _told = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                Tell(e.Message);
            }

            return _table;
        }
    }

    /// <summary>Once: whoever asks in vain shall not fill the log.</summary>
    private void Tell(string reason)
    {
        if (_told != reason)
            LogUnreadable(path, reason);
        _told = reason;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Operators' tokens cannot be read from {Path}, so that nobody has one: {Reason}")]
    private partial void LogUnreadable(string path, string reason);
}
