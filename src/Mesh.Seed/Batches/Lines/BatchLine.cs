using System.Text.Json;
using System.Text.Unicode;

namespace Mesh.Seed.Batches.Lines;

/// <summary>Why a single line cannot be run.</summary>
/// <param name="Message">Does not name the line.</param>
internal sealed record LineFault(string Code, string Message)
{
    public const string InvalidJson = "invalid_json_line";
    public const string InvalidRequest = "invalid_request";
    public const string WrongUrl = "url_mismatch";
    public const string TooLarge = "request_too_large";
    public const string InvalidEncoding = "invalid_encoding";
}

/// <summary>
/// A line of an input file: <c>{"custom_id", "method": "POST", "url", "body": {…}}</c>, its fields in any order. The inside of
/// the body is passed over at the speed of memory: what is wrong there is found when it is read as a request.
/// </summary>
/// <param name="CustomId">Null only when it cannot be read.</param>
/// <param name="Body">The bytes of the body, a JSON object, within the line; empty when there is a fault.</param>
/// <param name="Fault">Null = the line can be run, as far as it can be told without its model.</param>
internal readonly record struct BatchLine(string? CustomId, ReadOnlyMemory<byte> Body, LineFault? Fault)
{
    public const int MaxCustomIdLength = 512;

    /// <param name="line">Valid UTF-8 without its end.</param>
    /// <param name="endpoint">The batch's, which every line must name.</param>
    public static BatchLine Read(ReadOnlyMemory<byte> line, string endpoint)
    {
        var fields = new Fields();
        string? problem;
        try
        {
            problem = fields.Read(line.Span, endpoint);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter is the reader's complaint about half a surrogate pair. What was read before it may still name the line.
            fields.Fault = new LineFault(LineFault.InvalidJson, $"the line is not valid JSON: {JsonProblem(line.Span) ?? e.Message}");
            problem = null;
        }

        if (problem is not null)
            fields.Fault = new LineFault(LineFault.InvalidRequest, problem);
        return new BatchLine(fields.CustomId, fields.Fault is null ? line[fields.Body] : default, fields.Fault);
    }

    /// <summary>The line at which the reader stands.</summary>
    public static BatchLine Read(LineReader reader, string endpoint, int maxLineBytes)
    {
        if (reader.TooLong)
            return Bad(LineFault.TooLarge, $"the line is longer than the {maxLineBytes} bytes that this server accepts");
        return Utf8.IsValid(reader.Line.Span) ? Read(reader.Line, endpoint) : Bad(LineFault.InvalidEncoding, "the line is not UTF-8");

        static BatchLine Bad(string code, string message) => new(null, default, new LineFault(code, message));
    }

    /// <summary>The reader's own words with the place in the whole line; null = none.</summary>
    private static string? JsonProblem(ReadOnlySpan<byte> line)
    {
        try
        {
            for (var reader = new Utf8JsonReader(line); reader.Read();)
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    private ref struct Fields
    {
        // As it is within an object after a field whose value is an object.
        private static readonly JsonReaderState AfterBody = StateAfter("{\"\":{}"u8);

        private ReadOnlySpan<byte> _line;
        private int _readerStart;
        private bool _hasMethod;
        private bool _hasUrl;
        private bool _hasBody;

        public string? CustomId;
        public Range Body;
        public LineFault? Fault;

        /// <summary>Reads all of the line; the first problem, null = none.</summary>
        public string? Read(ReadOnlySpan<byte> line, string endpoint)
        {
            if (line.IndexOfAnyExcept(" \t\r"u8) < 0)
            {
                Fault = new LineFault(LineFault.InvalidJson, "the line is empty");
                return null;
            }

            _line = line;
            var reader = new Utf8JsonReader(line);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                reader.Read();
                return "the line must be a JSON object";
            }

            string? problem = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var found = ReadField(ref reader, endpoint);
                problem ??= found;
            }

            // Anything after the object is not JSON; the reader says so.
            reader.Read();
            return problem ?? Missing();
        }

        private string? ReadField(ref Utf8JsonReader reader, string endpoint)
        {
            if (reader.ValueTextEquals("custom_id"u8))
                return ReadCustomId(ref reader);
            if (reader.ValueTextEquals("method"u8))
                return ReadMethod(ref reader);
            if (reader.ValueTextEquals("url"u8))
                return ReadUrl(ref reader, endpoint);
            if (reader.ValueTextEquals("body"u8))
                return ReadBody(ref reader);
            // A field of a later version of the format, or a client's own.
            reader.Skip();
            return null;
        }

        private string? ReadCustomId(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (CustomId is not null)
                return SkipAnd(ref reader, "'custom_id' stands twice");
            if (reader.TokenType != JsonTokenType.String)
                return SkipAnd(ref reader, "'custom_id' must be a string");
            // Beyond the bound even if every character were escaped; not worth a string.
            if (reader.ValueSpan.Length > 12 * MaxCustomIdLength || reader.GetString() is not { Length: >= 1 and <= MaxCustomIdLength } text)
                return $"'custom_id' must have 1 to {MaxCustomIdLength} characters";
            CustomId = text;
            return null;
        }

        private string? ReadMethod(ref Utf8JsonReader reader)
        {
            reader.Read();
            _hasMethod = true;
            return reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("POST"u8)
                ? null
                : SkipAnd(ref reader, "'method' must be \"POST\"");
        }

        private string? ReadUrl(ref Utf8JsonReader reader, string endpoint)
        {
            reader.Read();
            _hasUrl = true;
            if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(endpoint))
                return null;
            Fault = new LineFault(LineFault.WrongUrl, $"'url' must be the batch's endpoint, {endpoint}");
            return SkipAnd(ref reader, null);
        }

        private string? ReadBody(ref Utf8JsonReader reader)
        {
            if (_hasBody)
                return SkipAnd(ref reader, "'body' stands twice");
            _hasBody = true;
            var name = _readerStart + (int)reader.BytesConsumed;
            var start = name + _line[name..].IndexOfAnyExcept(" \t\r"u8);
            var length = start < name ? -1 : JsonObjectEnd.Find(_line[start..]);
            if (length < 0)
            {
                // No object, or one without an end.
                reader.Read();
                return SkipAnd(ref reader, "'body' must be an object");
            }

            Body = start..(start + length);
            _readerStart = start + length;
            reader = new Utf8JsonReader(_line[_readerStart..], isFinalBlock: true, AfterBody);
            return null;
        }

        private readonly string? Missing() => (CustomId, _hasMethod, _hasUrl, _hasBody) switch
        {
            (null, _, _, _) => "'custom_id' is missing",
            (_, false, _, _) => "'method' is missing",
            (_, _, false, _) => "'url' is missing",
            (_, _, _, false) => "'body' is missing",
            _ => null,
        };

        private static JsonReaderState StateAfter(ReadOnlySpan<byte> text)
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: false, default);
            while (reader.Read())
            {
            }

            return reader.CurrentState;
        }

        private static string? SkipAnd(ref Utf8JsonReader reader, string? problem)
        {
            reader.Skip();
            return problem;
        }
    }
}
