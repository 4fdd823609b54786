using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Mesh.Operations;

/// <summary>
/// A piece of an answer, in the order in which it was found. An answer is any number of <see cref="Table"/>s, each followed by
/// its <see cref="Row"/>s, of <see cref="Line"/>s and of <see cref="Document"/>s.
/// </summary>
public abstract record CommandOutput
{
    private CommandOutput()
    {
    }

    /// <summary>Rows of these columns follow. A program gets one object a row, with the columns' names as its keys.</summary>
    /// <param name="Columns">In snake_case with the unit where there is one, e.g. "round_trip_ms".</param>
    public sealed record Table(ImmutableArray<string> Columns) : CommandOutput
    {
        /// <summary>A table drawn by its widths and with a head, or bare lines with " | " between the cells, as Petabridge.Cmd prints members.</summary>
        public bool IsBare { get; init; }
    }

    /// <param name="Cells">One a column: text, number, truth, or null for what is not known.</param>
    public sealed record Row(ImmutableArray<JsonValue?> Cells) : CommandOutput;

    /// <summary>For people; a program gets it as an object with the one key "message".</summary>
    public sealed record Line(string Text) : CommandOutput;

    /// <summary>Something nested, e.g. an explanation: people get it as an indented outline.</summary>
    public sealed record Document(JsonObject Content) : CommandOutput;

    /// <param name="cells">Values, as texts, numbers and truths become ones.</param>
    public static Row RowOf(params JsonNode?[] cells) => new([.. cells.Select(cell => cell?.AsValue())]);
}
