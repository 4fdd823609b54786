using System.Collections.ObjectModel;
using Mesh.Seed.Models;

namespace Mesh.Seed.Ingress;

/// <summary>An inference request as it was read, before it is held against its model. REST and gRPC both end up here.</summary>
/// <param name="Id">Null when the request had none.</param>
/// <param name="Outputs">Empty = all of the model's.</param>
public sealed record InferRequest(
    string? Id,
    IReadOnlyDictionary<string, Parameter> Parameters,
    IReadOnlyList<RequestInput> Inputs,
    IReadOnlyList<RequestedOutput> Outputs);

/// <param name="Data">Raw little-endian content, as <see cref="Messages.RawTensor"/> has it.</param>
public sealed record RequestInput(
    string Name,
    TensorDatatype Datatype,
    IReadOnlyList<long> Shape,
    ReadOnlyMemory<byte> Data,
    IReadOnlyDictionary<string, Parameter> Parameters);

/// <summary>An output the client asked for by name.</summary>
public sealed record RequestedOutput(string Name, IReadOnlyDictionary<string, Parameter> Parameters);

/// <summary>Which of <see cref="Parameter"/>'s values counts.</summary>
public enum ParameterKind
{
    Text,
    Integer,
    Unsigned,
    Number,
    Boolean,
}

/// <summary>The value of one of OIP's parameters.</summary>
/// <param name="Integer">Of the kinds Integer and Unsigned; the bits of an unsigned one.</param>
public readonly record struct Parameter(ParameterKind Kind, string Text, long Integer, double Number, bool Boolean)
{
    public static readonly IReadOnlyDictionary<string, Parameter> None = ReadOnlyDictionary<string, Parameter>.Empty;

    public static Parameter Of(string value) => new(ParameterKind.Text, value, 0, 0, false);

    public static Parameter Of(long value) => new(ParameterKind.Integer, "", value, 0, false);

    public static Parameter Of(ulong value) => new(ParameterKind.Unsigned, "", unchecked((long)value), 0, false);

    public static Parameter Of(double value) => new(ParameterKind.Number, "", 0, value, false);

    public static Parameter Of(bool value) => new(ParameterKind.Boolean, "", 0, 0, value);

    /// <summary>A whole number of either kind that is not negative.</summary>
    public bool TryGetUnsigned(out ulong value)
    {
        value = unchecked((ulong)Integer);
        return Kind == ParameterKind.Unsigned || (Kind == ParameterKind.Integer && Integer >= 0);
    }
}
