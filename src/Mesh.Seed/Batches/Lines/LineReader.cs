using System.Buffers;

namespace Mesh.Seed.Batches.Lines;

/// <summary>
/// Reads a JSONL file line by line, in memory bounded by its longest line. Ends of lines are LF or CRLF; a byte order mark
/// at the start of the file is skipped. Disposing it leaves the stream open.
/// </summary>
/// <param name="maxLineBytes">A longer line is passed over: <see cref="TooLong"/>.</param>
/// <param name="firstLine">Index of the line at which the stream stands.</param>
/// <param name="offset">Of that line in the file.</param>
internal sealed class LineReader(Stream content, int maxLineBytes, int firstLine = 0, long offset = 0) : IDisposable
{
    private const int FirstBuffer = 256 << 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
    private int _start;
    private int _end;
    private long _startOffset = offset;
    private bool _ended;

    /// <summary>Index of the present line in the file, from 0.</summary>
    public int Index { get; private set; } = firstLine - 1;

    /// <summary>Of the present line's first byte in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>The present line without its end; valid until the next read. Empty when it is too long.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    public bool TooLong { get; private set; }

    /// <summary>Goes to the next line; false at the end of the file. An LF at the very end starts no other line.</summary>
    public ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        return length >= 0 && length <= maxLineBytes && _startOffset > 0 ? new(Take(length, ended: true)) : ReadSlowAsync(cancellation);
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        (_start, _end, Line) = (0, 0, default);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private async ValueTask<bool> ReadSlowAsync(CancellationToken cancellation)
    {
        if (_startOffset == 0)
            await SkipByteOrderMarkAsync(cancellation);
        var searched = 0;
        while (true)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            length = length < 0 ? -1 : length + searched;
            searched = _end - _start;
            // A CR may be the byte beyond the bound.
            if (length > maxLineBytes + 1 || (length < 0 && searched > maxLineBytes + 1))
                return await PassOverAsync(cancellation);
            if (length >= 0)
                return Take(length, ended: true);
            if (!await FillAsync(cancellation))
                return searched > 0 && Take(searched, ended: false);
        }
    }

    private bool Take(int length, bool ended)
    {
        var line = _buffer.AsMemory(_start, length);
        if (ended && length > 0 && line.Span[^1] == '\r')
            line = line[..^1];
        Index++;
        (Line, TooLong) = line.Length > maxLineBytes ? (default, true) : (line, false);
        Offset = _startOffset;
        Drop(length + (ended ? 1 : 0));
        return true;
    }

    /// <summary>To the end of a line that is too long, in the buffer that is there.</summary>
    private async ValueTask<bool> PassOverAsync(CancellationToken cancellation)
    {
        Index++;
        (Offset, Line, TooLong) = (_startOffset, default, true);
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            Drop(length < 0 ? _end - _start : length + 1);
            if (length >= 0 || !await FillAsync(cancellation))
                return true;
        }
    }

    private async ValueTask SkipByteOrderMarkAsync(CancellationToken cancellation)
    {
        while (_end - _start < 3 && await FillAsync(cancellation))
        {
        }

        if (_buffer.AsSpan(_start, _end - _start).StartsWith("\uFEFF"u8))
            Drop(3);
    }

    private void Drop(int count)
    {
        _start += count;
        _startOffset += count;
    }

    /// <summary>Reads more behind what is there; false at the end of the file.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (_ended)
            return false;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Grow();
        var count = await content.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += count;
        _ended = count == 0;
        return !_ended;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, 2L * _buffer.Length));
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
