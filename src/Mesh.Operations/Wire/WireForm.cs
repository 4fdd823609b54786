using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace Mesh.Operations.Wire;

/// <summary>Palettes and answers to and from their messages.</summary>
public static class WireForm
{
    /// <summary>The trailer of a call that others can answer.</summary>
    public const string ReferralTrailer = "mesh-referral-bin";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = OperationsLimits.DocumentDepth };

    public static Palette ToWire(this CommandPalette palette) =>
        new() { Name = palette.Name, Description = palette.Description, Commands = { palette.Commands.Select(ToWire) } };

    public static CommandPalette FromWire(this Palette palette) =>
        new(palette.Name, palette.Description, [.. palette.Commands.Select(FromWire)]);

    /// <summary>Texts that are too long are cut.</summary>
    /// <exception cref="FormatException">A row or a document is too large, or a cell is no single value.</exception>
    public static Output ToWire(this CommandOutput output) => output switch
    {
        CommandOutput.Table table => new Output { Table = new Table { Columns = { Bounded(table.Columns) }, Bare = table.IsBare } },
        CommandOutput.Row row => new Output { Row = new Row { Cells = { Bounded(row.Cells).Select(CellText) } } },
        CommandOutput.Line line => new Output { Line = OperationsLimits.Cut(line.Text, OperationsLimits.TextLength) },
        CommandOutput.Document document => new Output { Document = DocumentText(document.Content) },
        _ => throw new ArgumentOutOfRangeException(nameof(output), output, "no such output"),
    };

    /// <summary>Null for a kind of piece that a newer host sends.</summary>
    /// <exception cref="FormatException">It is no answer of a host.</exception>
    public static CommandOutput? FromWire(this Output output) => output.PieceCase switch
    {
        Output.PieceOneofCase.Table => new CommandOutput.Table([.. output.Table.Columns]) { IsBare = output.Table.Bare },
        Output.PieceOneofCase.Row => new CommandOutput.Row([.. output.Row.Cells.Select(Cell)]),
        Output.PieceOneofCase.Line => new CommandOutput.Line(output.Line),
        Output.PieceOneofCase.Document => new CommandOutput.Document(
            Parse(output.Document) as JsonObject ?? throw new FormatException("a document is no JSON object")),
        _ => null,
    };

    public static byte[] ToWire(this Mesh.Operations.Referral referral) => new Referral
    {
        Hosts = { referral.Hosts.Where(host => host.Length <= OperationsLimits.HostLength).Take(OperationsLimits.Referrals) },
        Added = { referral.Added },
    }.ToByteArray();

    /// <summary>Null for what is none, and for one that names nobody.</summary>
    public static Mesh.Operations.Referral? ReferralFromWire(byte[] trailer)
    {
        try
        {
            var wire = Referral.Parser.ParseFrom(trailer);
            var hosts = wire.Hosts.Where(host => host.Length <= OperationsLimits.HostLength).Take(OperationsLimits.Referrals).ToImmutableArray();
            return hosts.IsEmpty ? null : new Mesh.Operations.Referral(hosts, [.. wire.Added]);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static Command ToWire(CommandDefinition command) => new()
    {
        Name = command.Name,
        Description = command.Description,
        Arguments = { command.Arguments.Select(ToWire) },
        Changes = command.Changes,
        ChangesWith = command.ChangesWith ?? "",
        Destructive = command.IsDestructive,
        Endless = command.IsEndless,
    };

    private static Argument ToWire(CommandArgument argument)
    {
        var wire = new Argument
        {
            Name = argument.Name,
            Kind = (Argument.Types.Kind)argument.Kind,
            Description = argument.Description,
            Required = argument.IsRequired,
            Choices = { argument.Choices },
            Completes = { argument.Completes },
            Secret = argument.IsSecret,
        };
        if (argument.Default is { } value)
            wire.Default = value;
        return wire;
    }

    private static CommandDefinition FromWire(Command command) => new(command.Name, command.Description)
    {
        Arguments = [.. command.Arguments.Select(FromWire)],
        Changes = command.Changes,
        ChangesWith = command.ChangesWith is { Length: > 0 } argument ? argument : null,
        IsDestructive = command.Destructive,
        IsEndless = command.Endless,
    };

    private static CommandArgument FromWire(Argument argument) => new(argument.Name, (ArgumentKind)argument.Kind, argument.Description)
    {
        IsRequired = argument.Required,
        Default = argument.HasDefault ? argument.Default : null,
        Choices = [.. argument.Choices],
        Completes = [.. argument.Completes],
        IsSecret = argument.Secret,
    };

    private static ImmutableArray<T> Bounded<T>(ImmutableArray<T> columns) => columns.Length <= OperationsLimits.Columns
        ? columns
        : throw new FormatException($"{columns.Length} columns; at most {OperationsLimits.Columns}");

    private static string CellText(JsonValue? cell)
    {
        if (cell is null)
            return "null";
        if (cell.TryGetValue<string>(out var text))
            return JsonSerializer.Serialize(OperationsLimits.Cut(text, OperationsLimits.TextLength), Json);
        var json = cell.ToJsonString(Json);
        return json.Length <= OperationsLimits.TextLength && json[0] is not ('{' or '[')
            ? json
            : throw new FormatException($"a cell is no single value: {OperationsLimits.Cut(json, 80)}");
    }

    private static string DocumentText(JsonObject content)
    {
        var json = content.ToJsonString(Json);
        return json.Length <= OperationsLimits.DocumentLength
            ? json
            : throw new FormatException($"a document of {json.Length} characters; at most {OperationsLimits.DocumentLength}");
    }

    private static JsonValue? Cell(string json) => Parse(json) switch
    {
        null => null,
        JsonValue value => value,
        _ => throw new FormatException("a cell is no single value"),
    };

    private static JsonNode? Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json, documentOptions: Depth);
        }
        catch (JsonException e)
        {
            throw new FormatException($"not JSON: {e.Message}", e);
        }
    }
}
