using System.Text.Json;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>
/// Reads the body of an infer request: a JSON object, then the binary blocks of those inputs that have a
/// <c>binary_data_size</c>, in the order of the inputs. Fields may come in any order.
/// </summary>
internal ref struct InferRequestReader
{
    private readonly ReadOnlyMemory<byte> _json;
    private ReadOnlyMemory<byte> _tail;
    private Utf8JsonReader _reader;

    private InferRequestReader(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> tail)
    {
        _json = json;
        _tail = tail;
        _reader = new Utf8JsonReader(json.Span);
    }

    /// <param name="jsonLength">Bytes of the JSON part; the rest of the body are binary blocks.</param>
    /// <exception cref="RequestRefusedException">The body does not have the form of an infer request.</exception>
    public static InferRequest Read(ReadOnlyMemory<byte> body, int jsonLength)
    {
        try
        {
            var reader = new InferRequestReader(body[..jsonLength], body[jsonLength..]);
            var request = reader.ReadRequest();
            if (reader._tail.Length > 0)
                throw Invalid($"{reader._tail.Length} bytes at the end of the body belong to no input's binary_data_size");
            return request;
        }
        catch (JsonException e)
        {
            throw Invalid($"the body is not valid JSON: {e.Message}");
        }
        catch (InvalidOperationException e)
        {
            // The reader's complaint about text that is not valid UTF-8 or has half a surrogate pair.
            throw Invalid($"the body is not valid JSON: {e.Message}");
        }
    }

    private InferRequest ReadRequest()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
            throw Invalid("the body must be a JSON object");
        string? id = null;
        IReadOnlyDictionary<string, Parameter>? parameters = null;
        List<RequestInput>? inputs = null;
        List<RequestedOutput>? outputs = null;
        while (NextField() is { } field)
        {
            switch (field)
            {
                case "id": id = ReadString("'id'"); break;
                case "parameters": parameters = ReadParameters("the request"); break;
                case "inputs": inputs = inputs is null ? ReadInputs() : throw Twice("the request", field); break;
                case "outputs": outputs = outputs is null ? ReadOutputs() : throw Twice("the request", field); break;
                default: _reader.Skip(); break;
            }
        }

        // Anything after the object is not JSON; the reader says so.
        _reader.Read();
        return new InferRequest(
            id, parameters ?? Parameter.None, inputs ?? throw Invalid("'inputs' is missing in the request"), outputs ?? []);
    }

    private List<RequestInput> ReadInputs()
    {
        var inputs = new List<RequestInput>();
        for (StartArray("'inputs'"); NextElement();)
            inputs.Add(ReadInput(inputs.Count));
        return inputs;
    }

    private RequestInput ReadInput(int index)
    {
        var where = $"inputs[{index}]";
        var input = new PartialInput();
        StartObject(where);
        while (NextField() is { } field)
        {
            switch (field)
            {
                case "name": input.Name = ReadString($"'name' of {where}"); break;
                case "datatype": input.Datatype = ReadDatatype(where); break;
                case "shape": input.Shape = ReadShape(where); break;
                case "parameters": input.Parameters = ReadParameters(where); break;
                case "data": ReadOrSkipData(ref input, where); break;
                default: _reader.Skip(); break;
            }
        }

        var name = input.Name ?? throw Invalid($"'name' is missing in {where}");
        var datatype = input.Datatype ?? throw Invalid($"input '{name}': 'datatype' is missing");
        var shape = input.Shape ?? throw Invalid($"input '{name}': 'shape' is missing");
        return new RequestInput(name, datatype, shape, Content(ref input, name, datatype, shape), input.Parameters ?? Parameter.None);
    }

    /// <summary>Clients name the datatype before the data; then it is read in passing. Else only its place is kept.</summary>
    private void ReadOrSkipData(ref PartialInput input, string where)
    {
        if (input.HasData)
            throw Twice(where, "data");
        input.HasData = true;
        if (input is { Name: { } name, Datatype: { } datatype, Shape: { } shape })
        {
            _reader.Read();
            input.Data = JsonTensorReader.Read(ref _reader, name, datatype, Expected(shape, _json.Length));
            return;
        }

        _reader.Read();
        var start = (int)_reader.TokenStartIndex;
        _reader.Skip();
        input.SkippedData = start..(int)_reader.BytesConsumed;
    }

    private ReadOnlyMemory<byte> Content(ref PartialInput input, string name, TensorDatatype datatype, long[] shape)
    {
        var parameters = input.Parameters ?? Parameter.None;
        var binary = parameters.TryGetValue("binary_data_size", out var size);
        if (binary == input.HasData)
            throw Invalid($"input '{name}': exactly one of 'data' and parameter 'binary_data_size' must be there, got {(binary ? "both" : "neither")}");
        if (binary)
            return TakeBlock(name, size);
        if (input.SkippedData is not { } range)
            return input.Data;
        var text = _json[range].Span;
        var reader = new Utf8JsonReader(text);
        reader.Read();
        return JsonTensorReader.Read(ref reader, name, datatype, Expected(shape, text.Length));
    }

    private ReadOnlyMemory<byte> TakeBlock(string name, Parameter size)
    {
        if (!size.TryGetUnsigned(out var length))
            throw Invalid($"input '{name}': parameter 'binary_data_size' must be a whole number of bytes, 0 or more");
        if (length > (ulong)_tail.Length)
            throw Invalid($"input '{name}': its binary_data_size is {length} bytes, but {length - (ulong)_tail.Length} of them are missing at the end of the body");
        var block = _tail[..(int)length];
        _tail = _tail[(int)length..];
        return block;
    }

    /// <summary>Elements that the shape asks for, but never more than the text could hold, two bytes each.</summary>
    private static long Expected(long[] shape, int textLength) =>
        Math.Min(TensorContent.TryCount(shape, out var count) ? count : 0, (textLength / 2) + 1);

    private TensorDatatype ReadDatatype(string where)
    {
        var text = ReadString($"'datatype' of {where}");
        if (Datatypes.TryParse(text, out var datatype))
            return datatype;
        throw Invalid(text == "BF16"
            ? $"datatype BF16 of {where} is not supported, neither in JSON nor as binary data: use FP32 or FP16"
            : $"'{text}' of {where} is not a datatype: use one of {string.Join(", ", Enum.GetNames<TensorDatatype>())}");
    }

    private long[] ReadShape(string where)
    {
        var shape = new List<long>();
        for (StartArray($"'shape' of {where}"); NextElement();)
        {
            if (_reader.TokenType != JsonTokenType.Number || !_reader.TryGetInt64(out var dimension))
                throw Invalid($"dimension {shape.Count} in the shape of {where} is not a 64-bit integer");
            shape.Add(dimension);
        }

        return [.. shape];
    }

    private List<RequestedOutput> ReadOutputs()
    {
        var outputs = new List<RequestedOutput>();
        for (StartArray("'outputs'"); NextElement();)
        {
            var where = $"outputs[{outputs.Count}]";
            string? name = null;
            IReadOnlyDictionary<string, Parameter>? parameters = null;
            StartObject(where);
            while (NextField() is { } field)
            {
                switch (field)
                {
                    case "name": name = ReadString($"'name' of {where}"); break;
                    case "parameters": parameters = ReadParameters(where); break;
                    default: _reader.Skip(); break;
                }
            }

            outputs.Add(new RequestedOutput(name ?? throw Invalid($"'name' is missing in {where}"), parameters ?? Parameter.None));
        }

        return outputs;
    }

    private Dictionary<string, Parameter> ReadParameters(string where)
    {
        var parameters = new Dictionary<string, Parameter>(StringComparer.Ordinal);
        _reader.Read();
        StartObject($"'parameters' of {where}");
        while (NextField() is { } name)
        {
            _reader.Read();
            parameters[name] = _reader.TokenType switch
            {
                JsonTokenType.String => Parameter.Of(_reader.GetString()!),
                JsonTokenType.True or JsonTokenType.False => Parameter.Of(_reader.GetBoolean()),
                JsonTokenType.Number when _reader.TryGetInt64(out var integer) => Parameter.Of(integer),
                JsonTokenType.Number => Parameter.Of(_reader.GetDouble()),
                _ => throw Invalid($"parameter '{name}' of {where} must be a string, a number or a boolean"),
            };
        }

        return parameters;
    }

    private string ReadString(string what)
    {
        _reader.Read();
        return _reader.TokenType == JsonTokenType.String ? _reader.GetString()! : throw Invalid($"{what} must be a string");
    }

    private readonly void StartObject(string what)
    {
        if (_reader.TokenType != JsonTokenType.StartObject)
            throw Invalid($"{what} must be an object");
    }

    private void StartArray(string what)
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartArray)
            throw Invalid($"{what} must be an array");
    }

    /// <summary>Name of the object's next field; null at its end.</summary>
    private string? NextField()
    {
        _reader.Read();
        return _reader.TokenType == JsonTokenType.PropertyName ? _reader.GetString() : null;
    }

    private bool NextElement()
    {
        _reader.Read();
        return _reader.TokenType != JsonTokenType.EndArray;
    }

    private static RequestRefusedException Twice(string where, string field) => Invalid($"'{field}' stands twice in {where}");

    /// <summary>An input while its fields come in.</summary>
    private struct PartialInput
    {
        public string? Name;
        public TensorDatatype? Datatype;
        public long[]? Shape;
        public IReadOnlyDictionary<string, Parameter>? Parameters;
        public bool HasData;
        public ReadOnlyMemory<byte> Data;
        public Range? SkippedData;
    }
}
