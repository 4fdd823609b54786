using System.Text;
using FsCheck.Xunit;
using Mesh.Seed.Batches.Lines;

namespace Mesh.State.Tests.Batches.Lines;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "0:0:a")]
    [InlineData("a\n", "0:0:a")]
    [InlineData("a\nb", "0:0:a 1:2:b")]
    [InlineData("a\r\nb\r\n", "0:0:a 1:3:b")]
    [InlineData("\n\na", "0:0: 1:1: 2:2:a")]
    [InlineData("\uFEFFa\nb", "0:3:a 1:5:b")]
    [InlineData("\uFEFF", "")]
    [InlineData("12345678\nb", "0:0:12345678 1:9:b")]
    [InlineData("12345678\r\nb", "0:0:12345678 1:10:b")]
    [InlineData("123456789\nb", "0:0:! 1:10:b")]
    [InlineData("b\n123456789", "0:0:b 1:2:!")]
    [InlineData("1234567890123456789\r\n123456789\nb\n", "0:0:! 1:21:! 2:31:b")]
    public async Task Lines_with_their_index_and_offset(string text, string expected)
    {
        foreach (var piece in new[] { 1, 2, 3, 1000 })
            Assert.Equal(expected, string.Join(' ', await ReadAsync(Encoding.UTF8.GetBytes(text), piece, maxLineBytes: 8)));
    }

    [Fact]
    public async Task From_the_middle_of_a_file_on()
    {
        var text = "first\nsecond\nthird"u8.ToArray();
        Assert.Equal(["1:6:second", "2:13:third"], await ReadAsync(text[6..], 4, 8, firstLine: 1, offset: 6));
    }

    /// <summary>Lines longer than the first buffer, cut anywhere by the stream.</summary>
    [Property(MaxTest = 30)]
    public async Task However_the_stream_cuts_it_the_lines_are_the_same(int seed)
    {
        var random = new Random(seed);
        var lines = Enumerable.Range(0, random.Next(1, 6)).Select(i => new string((char)('a' + i), random.Next(0, 600_000))).ToArray();
        var content = Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
        var read = await ReadAsync(content, random.Next(1, 400_000), maxLineBytes: 500_000);
        var offsets = lines.Select((_, i) => lines.Take(i).Sum(line => line.Length + 1L));
        Assert.Equal(lines.Zip(offsets, (line, offset) => $"{offset}:{(line.Length <= 500_000 ? line : "!")}").Select((line, i) => $"{i}:{line}"), read);
    }

    private static async Task<List<string>> ReadAsync(byte[] content, int piece, int maxLineBytes, int firstLine = 0, long offset = 0)
    {
        using var reader = new LineReader(new PiecesStream(content, piece), maxLineBytes, firstLine, offset);
        var lines = new List<string>();
        while (await reader.ReadAsync(default))
            lines.Add($"{reader.Index}:{reader.Offset}:{(reader.TooLong ? "!" : Encoding.UTF8.GetString(reader.Line.Span))}");
        return lines;
    }
}
