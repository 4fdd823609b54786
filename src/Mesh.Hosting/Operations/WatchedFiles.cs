using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Mesh.Hosting.Operations;

/// <summary>
/// What some files say together, read again when one of them changes. They are looked at whenever somebody asks, through what is
/// opened then, so that a link that leads elsewhere now (as mounted secrets are renewed) is a change too.
/// </summary>
/// <param name="parse">The files' bytes, in their order. Throws <see cref="FormatException"/> or <see cref="CryptographicException"/>, with a message that names the file.</param>
/// <param name="failed">Told why they cannot be used now, once a change.</param>
internal sealed class WatchedFiles<T>(ImmutableArray<string> paths, Func<ImmutableArray<byte[]>, T> parse, Action<string> failed)
    where T : class
{
    private readonly Lock _lock = new();
    private Stamps? _seen;
    private Stamps? _broken;
    private string? _problem;
    private T? _lastGood;

    /// <summary>What they say now; null while they cannot be used.</summary>
    public T? Current => Look().Current;

    /// <summary>What they said when they could be used last; null = never yet.</summary>
    public T? LastGood => Look().LastGood;

    /// <param name="Problem">Why there is no current one.</param>
    public (T? Current, T? LastGood, string? Problem) Look()
    {
        lock (_lock)
        {
            Stamps? now = null;
            try
            {
                using var files = new OpenFiles(paths);
                now = files.Stamps;
                // What was no good is tried again although it looks the same: it may have been written on within the clock's grain.
                if (_seen is null || !_seen.Equals(now))
                    (_lastGood, _seen, _problem) = (parse(files.Read()), now, null);
            }
            catch (Exception e) when (IsFilesFault(e))
            {
                if (_problem != e.Message || !Equals(_broken, now))
                    failed(e.Message);
                (_seen, _broken, _problem) = (null, now, e.Message);
            }

            return (_problem is null ? _lastGood : null, _lastGood, _problem);
        }
    }

    /// <summary>What reading and parsing a file throws when the file is to blame; NotSupportedException comes from a pipe.</summary>
    public static bool IsFilesFault(Exception e) =>
        e is IOException or UnauthorizedAccessException or NotSupportedException or CryptographicException or FormatException;

    private sealed record Stamps(ImmutableArray<(DateTime Written, long Length)> Files)
    {
        public bool Equals(Stamps? other) => other is not null && Files.SequenceEqual(other.Files);

        public override int GetHashCode() => Files.Length;
    }

    private sealed class OpenFiles : IDisposable
    {
        /// <summary>Far beyond any file of certificates, lists or tokens.</summary>
        private const int MaxBytes = 16 * 1024 * 1024;

        private readonly List<(string Path, SafeFileHandle Handle)> _open = [];

        public OpenFiles(ImmutableArray<string> paths)
        {
            try
            {
                foreach (var path in paths)
                    _open.Add((path, File.OpenHandle(path)));
            }
            catch
            {
                Dispose();
                throw;
            }

            Stamps = new Stamps([.. _open.Select(file => (File.GetLastWriteTimeUtc(file.Handle), RandomAccess.GetLength(file.Handle)))]);
        }

        public Stamps Stamps { get; }

        public ImmutableArray<byte[]> Read() => [.. _open.Zip(Stamps.Files, (file, stamp) => Read(file.Path, file.Handle, stamp.Length))];

        public void Dispose() => _open.ForEach(file => file.Handle.Dispose());

        private static byte[] Read(string path, SafeFileHandle handle, long length)
        {
            if (length > MaxBytes)
                throw new FormatException($"{path} has {length} bytes; at most {MaxBytes}");
            var bytes = new byte[length];
            var read = 0;
            while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is > 0 and var more)
                read += more;
            return read == bytes.Length ? bytes : throw new IOException($"{path} became shorter while it was read");
        }
    }
}
