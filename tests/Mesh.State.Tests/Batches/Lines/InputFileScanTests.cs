using System.Text;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;
using Mesh.Seed.Batches.Lines;

namespace Mesh.State.Tests.Batches.Lines;

public sealed class InputFileScanTests
{
    private const string Endpoint = "/v2/models/m/infer";

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task Good_and_bad_lines_are_counted_and_bad_ones_told_in_order(string end)
    {
        var text = string.Join(end, Line("a"), "", "{", Line("b").Replace("POST", "GET"), " ", Line("c"), "", " ", "");
        foreach (var start in new[] { "", "\uFEFF" })
        {
            var (scan, bad) = await ScanAsync(Encoding.UTF8.GetBytes(start + text));
            Assert.Empty(scan.Faults);
            Assert.Equal((6, 4), (scan.Lines, scan.BadLines));
            Assert.Equal(
                ["1 invalid_json_line ", "2 invalid_json_line ", "3 invalid_request b", "4 invalid_json_line "],
                bad.Select(line => $"{line.Line} {line.Code} {line.CustomId}"));
            Assert.Equal("the line is empty", bad[0].Message);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n  \n")]
    [InlineData("\uFEFF\n")]
    public async Task A_file_without_lines_is_at_fault(string text)
    {
        var (scan, _) = await ScanAsync(Encoding.UTF8.GetBytes(text));
        Assert.Equal([new BatchFault("empty_batch", "the file has no lines", null, null)], scan.Faults);
    }

    [Fact]
    public async Task A_repeated_id_names_both_lines_also_when_it_is_written_otherwise_and_on_a_bad_line()
    {
        var (scan, _) = await ScanAsync(
            Encoding.UTF8.GetBytes(string.Join('\n', Line("a"), Line("b"), Line("\\u0061"), """{"custom_id": "b"}""")));
        Assert.Equal(
            [
                new BatchFault("duplicate_custom_id", "custom_id 'a' of line 3 is also that of line 1", "custom_id", 3),
                new BatchFault("duplicate_custom_id", "custom_id 'b' of line 4 is also that of line 2", "custom_id", 4),
            ],
            scan.Faults);
    }

    [Fact]
    public async Task A_file_full_of_repeated_ids_has_a_bounded_number_of_faults()
    {
        var (scan, _) = await ScanAsync(Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(Line("a"), 5000))));
        Assert.Equal(100, scan.Faults.Count);
        Assert.Equal(101, scan.Faults[^1].Line);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_the_fault_of_their_line_alone()
    {
        byte[] half = [.. Encoding.UTF8.GetBytes(Line("a") + "\n{\"custom_id\": \""), 0xFF, .. Encoding.UTF8.GetBytes("\"}\n" + Line("\\ud800") + "\n" + Line("c"))];
        var (scan, bad) = await ScanAsync(half);
        Assert.Empty(scan.Faults);
        Assert.Equal((4, 2), (scan.Lines, scan.BadLines));
        Assert.Equal(new BadLine(1, "invalid_encoding", "the line is not UTF-8", null), bad[0]);
        Assert.Equal((2, "invalid_json_line"), (bad[1].Line, bad[1].Code));
    }

    [Fact]
    public async Task More_lines_than_may_be_are_a_fault_but_not_blank_ones_at_the_end()
    {
        var three = string.Join('\n', Line("a"), Line("b"), Line("c"));
        var limits = new BatchLimits { MaxLines = 3 };
        Assert.Empty((await ScanAsync(Encoding.UTF8.GetBytes(three + "\n\n\n\n"), limits)).Scan.Faults);
        Assert.Equal(
            [new BatchFault("too_many_tasks", "the file has more than 3 lines", null, 5)],
            (await ScanAsync(Encoding.UTF8.GetBytes(three + "\n\n" + Line("d")), limits)).Scan.Faults);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_a_bad_one_among_good_ones()
    {
        var text = string.Join('\n', Line("a"), Line(new string('b', 400)), Line("c"));
        var (scan, bad) = await ScanAsync(Encoding.UTF8.GetBytes(text), new BatchLimits { MaxLineBytes = 300 });
        Assert.Empty(scan.Faults);
        Assert.Equal((3, 1), (scan.Lines, scan.BadLines));
        Assert.Equal([new BadLine(1, "request_too_large", "the line is longer than the 300 bytes that this server accepts", null)], bad);
    }

    private static string Line(string customId) =>
        $$$"""{"custom_id": "{{{customId}}}", "method": "POST", "url": "{{{Endpoint}}}", "body": {"inputs": []}}""";

    private static async Task<(InputScan Scan, List<BadLine> Bad)> ScanAsync(byte[] content, BatchLimits? limits = null)
    {
        var bad = new List<BadLine>();
        var scan = await InputFileScan.ScanAsync(new PiecesStream(content, 7), Endpoint, limits ?? new BatchLimits(), line =>
        {
            bad.Add(line);
            return ValueTask.CompletedTask;
        }, default);
        return (scan, bad);
    }
}
