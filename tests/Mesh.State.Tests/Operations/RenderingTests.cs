using System.Globalization;
using Mesh.Operations;
using Mesh.Pbm.Rendering;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>Answers as people and programs see them, to the letter.</summary>
public sealed class RenderingTests
{
    [Fact]
    public async Task Piped_nothing_is_shortened_and_numbers_stand_below_each_other() =>
        Assert.Equal(
            """
            car    state   speed (km/h)  charge (%)  is sold  note
            V-001  parked             0        81.5  no       -
            V-002  away             112           9  no       on a long journey to the sea, with the whole family, two dogs and a tent

            """,
            await TextAsync("show", TextStyle.Plain));

    [Fact]
    public async Task On_a_terminal_the_widest_text_is_shortened() =>
        Assert.Equal(
            """
            car    state   speed (km/h)  charge (%)  is sold  note
            V-001  parked             0        81.5  no       -
            V-002  away             112           9  no       on a long journey …

            """,
            await TextAsync("show", new TextStyle(69, HasColours: false)));

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(60)]
    public async Task No_line_is_wider_than_the_terminal(int width) =>
        Assert.All((await TextAsync("show", new TextStyle(width, HasColours: false))).Split('\n'), line => Assert.InRange(SafeText.Width(line), 0, width));

    [Fact]
    public async Task Colours_are_for_heads_and_states() =>
        Assert.Contains("V-001  \e[32mparked\e[0m", await TextAsync("show", new TextStyle(200, HasColours: true)), StringComparison.Ordinal);

    [Fact]
    public async Task Members_are_printed_as_Petabridge_Cmd_prints_them() =>
        Assert.Equal("akka.tcp://mesh@127.0.0.1:4053 | [seed] | up | | 1.0.0\nCount: 1 nodes\n", await TextAsync("members", TextStyle.Plain));

    [Fact]
    public async Task A_document_is_an_outline() =>
        Assert.Equal(
            """
            vehicle: V-1
            eligible: no
            reasons:
              rule    value (%)  threshold (%)  age (s)
              charge          9             30      1.5
              parked          -              0       12
            place:
              cell: u0y
              models: fashion_cnn, blazeface
            history:
              - at: 10:00
                attempts: none

            """,
            await TextAsync("explain", TextStyle.Plain, "V-1"));

    [Fact]
    public async Task What_a_terminal_would_obey_is_shown_instead() =>
        Assert.Equal("\\u001b]0;owned\\u0007\\u001b[2Jhello\nworld\n", await TextAsync("ambush", TextStyle.Plain));

    [Fact]
    public async Task Programs_get_an_object_a_line()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        await WriteAsync(new JsonPrinter(text), "show");
        await WriteAsync(new JsonPrinter(text), "members");
        var lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal("""{"car":"V-001","state":"parked","speed_kmh":0,"charge_percent":81.5,"is_sold":false,"note":null}""", lines[0]);
        Assert.Equal("""{"address":"akka.tcp://mesh@127.0.0.1:4053","roles":"[seed]","status":"up","reason":null,"version":"1.0.0"}""", lines[2]);
        Assert.Equal("""{"message":"Count: 1 nodes"}""", lines[3]);
    }

    [Fact]
    public void A_table_without_rows_has_its_head()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var printer = new TextPrinter(text, TextStyle.Plain, isEndless: false);
        printer.Write(new CommandOutput.Table(["vehicle", "round_trip_ms"]));
        printer.End();
        Assert.Equal("vehicle  round trip (ms)\n", text.ToString());
    }

    [Fact]
    public void Rows_of_an_endless_answer_are_shown_at_once()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var printer = new TextPrinter(text, TextStyle.Plain, isEndless: true);
        printer.Write(new CommandOutput.Table(["event", "n"]));
        printer.Write(CommandOutput.RowOf("up", 1));
        Assert.Equal("event  n\nup     1\n", text.ToString());
        printer.Write(CommandOutput.RowOf("unreachable", 2));
        printer.Write(CommandOutput.RowOf("up", 3));
        Assert.Equal("event  n\nup     1\nunreachable  2\nup           3\n", text.ToString());
    }

    [Fact]
    public void Rows_without_a_table_and_of_another_length_are_shown_all_the_same()
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var printer = new TextPrinter(text, TextStyle.Plain, isEndless: false);
        printer.Write(CommandOutput.RowOf("a", "b"));
        printer.Write(CommandOutput.RowOf("c"));
        printer.End();
        Assert.Equal("column 1  column 2\na         b\nc         -\n", text.ToString());
    }

    [Theory]
    [InlineData("車両", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("🚗", 2)]
    public void Width_is_counted_in_columns(string text, int width) => Assert.Equal(width, SafeText.Width(text));

    [Theory]
    [InlineData("parked", 6, "parked")]
    [InlineData("parked", 5, "park…")]
    [InlineData("車両車両", 4, "車…")]
    [InlineData("x", 0, "")]
    public void Text_is_cut_in_columns(string text, int width, string fitting) => Assert.Equal(fitting, SafeText.Fit(text, width));

    private static async Task<string> TextAsync(string command, TextStyle style, string? car = null)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        await WriteAsync(new TextPrinter(text, style, isEndless: false), command, car);
        return text.ToString();
    }

    private static async Task WriteAsync(IAnswerPrinter printer, string command, string? car = null)
    {
        var arguments = car is null ? [] : new Dictionary<string, string> { ["car"] = car };
        await foreach (var output in new GarageHandler().RunAsync(new CommandCall(command, arguments, "local"), default))
            printer.Write(output);
        printer.End();
    }
}
