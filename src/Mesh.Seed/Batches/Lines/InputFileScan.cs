using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Lines;

/// <summary>What is in an input file.</summary>
/// <param name="Lines">Good and bad ones; blank ones at the end of the file are not counted.</param>
/// <param name="Faults">Of the whole file: when there are any, nothing of it may run, and the scan may have stopped early.</param>
internal sealed record InputScan(int Lines, int BadLines, LineIndex Index, IReadOnlyList<BatchFault> Faults);

/// <summary>A line that cannot be run, in a file that can.</summary>
/// <param name="Line">Index, from 0.</param>
/// <param name="CustomId">Null = cannot be read.</param>
internal sealed record BadLine(int Line, string Code, string Message, string? CustomId);

/// <summary>
/// Goes through an input file once, in memory that is bounded by its longest line and a few bytes for each line. A line's index
/// is that of the line in the file: a blank line between others is a bad line, blank ones at the end are none.
/// </summary>
internal static class InputFileScan
{
    private const int MaxFaults = 100;

    /// <param name="onBadLine">Told of each bad line, in order; null = nobody is.</param>
    public static async Task<InputScan> ScanAsync(
        Stream content, string endpoint, BatchLimits limits, Func<BadLine, ValueTask>? onBadLine, CancellationToken cancellation)
    {
        var scan = new Scan(endpoint, limits, onBadLine);
        using var reader = new LineReader(content, limits.MaxLineBytes);
        while (!scan.IsOver && await reader.ReadAsync(cancellation))
            await scan.AddAsync(reader);
        return scan.Result();
    }

    private sealed class Scan(string endpoint, BatchLimits limits, Func<BadLine, ValueTask>? onBadLine)
    {
        private readonly LineIndex.Builder _index = new();
        private readonly List<BatchFault> _faults = [];
        private readonly Dictionary<UInt128, int> _lineOf = [];
        private int _lines;
        private int _bad;

        public bool IsOver { get; private set; }

        public async ValueTask AddAsync(LineReader reader)
        {
            if (!reader.TooLong && IsBlank(reader.Line.Span))
                return;
            if (reader.Index >= limits.MaxLines)
            {
                Stop(new BatchFault("too_many_tasks", $"the file has more than {limits.MaxLines} lines", null, reader.Index + 1L));
                return;
            }

            // Now it is known that these do not stand at the end.
            for (; _lines < reader.Index; _lines++)
                await AddBadAsync(_lines, BatchLine.Read(ReadOnlyMemory<byte>.Empty, endpoint));
            _lines++;
            _index.Add(reader.Index, reader.Offset);
            await AddAsync(reader.Index, BatchLine.Read(reader, endpoint, limits.MaxLineBytes));
        }

        public InputScan Result()
        {
            if (_lines == 0 && _faults.Count == 0)
                _faults.Add(new BatchFault("empty_batch", "the file has no lines", null, null));
            return new InputScan(_lines, _bad, _index.Build(), _faults);
        }

        private async ValueTask AddAsync(int line, BatchLine read)
        {
            if (read.CustomId is { } customId && !_lineOf.TryAdd(Hash(customId), line))
                AddDuplicate(customId, line);
            if (read.Fault is not null)
                await AddBadAsync(line, read);
        }

        private void AddDuplicate(string customId, int line)
        {
            _faults.Add(new BatchFault(
                "duplicate_custom_id",
                $"custom_id '{customId}' of line {line + 1} is also that of line {_lineOf[Hash(customId)] + 1}",
                "custom_id",
                line + 1L));
            IsOver = _faults.Count >= MaxFaults;
        }

        private async ValueTask AddBadAsync(int line, BatchLine read)
        {
            _bad++;
            if (onBadLine is not null)
                await onBadLine(new BadLine(line, read.Fault!.Code, read.Fault.Message, read.CustomId));
        }

        private void Stop(BatchFault fault)
        {
            _faults.Add(fault);
            IsOver = true;
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0;

    /// <summary>128 bits of SHA-256: nobody can make two ids that are taken for one.</summary>
    private static UInt128 Hash(string customId)
    {
        Span<byte> text = stackalloc byte[3 * BatchLine.MaxCustomIdLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(customId, text)], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
