using System.Runtime.InteropServices;
using System.Text.Json;
using Mesh.Demo;
using Mesh.Testing;

namespace Mesh.Process.Tests.Meshes;

/// <summary>Bodies of REST infer requests.</summary>
internal static class Requests
{
    /// <summary>One labelled picture as JSON.</summary>
    public static string Picture(int picture, string id) =>
        System.Text.Encoding.UTF8.GetString(InferClient.RequestBody(id, Meshes.Pictures.Data.Image(picture).Span));

    /// <summary>Several labelled pictures as one batch.</summary>
    public static string Pictures(int first, int count, string? parameters = null) => Inputs(
        Input(DirectRun.InputName, "FP32", [count, 1, 28, 28], Numbers(Meshes.Pictures.Data.Images(first, count).Span)), parameters: parameters);

    /// <param name="data">The JSON array; null when the input has a binary block of <paramref name="binarySize"/> bytes.</param>
    public static string Input(string name, string datatype, long[] shape, string? data, int? binarySize = null)
    {
        var content = data is null ? "" : $", \"data\": {data}";
        if (binarySize is { } size)
            content += $$""", "parameters": {"binary_data_size": {{size}}}""";
        return $$"""{"name": "{{name}}", "datatype": "{{datatype}}", "shape": [{{string.Join(',', shape)}}]{{content}}}""";
    }

    /// <param name="outputs">The JSON array of requested outputs; null = all.</param>
    /// <param name="parameters">The JSON object of the request's parameters.</param>
    public static string Inputs(string inputs, string? outputs = null, string? parameters = null) =>
        $$"""{"inputs": [{{inputs}}]{{(outputs is null ? "" : $", \"outputs\": {outputs}")}}{{(parameters is null ? "" : $", \"parameters\": {parameters}")}}}""";

    /// <summary>The model that runs as long as it is told to; see <see cref="OnnxFile.DoublingLoop"/>.</summary>
    public static string Doubling(long trips, string parameters = "{}") => Inputs(
        Input("x", "FP32", [1], "[0]") + "," + Input("trips", "INT64", [], $"[{trips}]"), parameters: parameters);

    /// <summary>Numbers that read back as the same values.</summary>
    public static string Numbers(ReadOnlySpan<float> values) => JsonSerializer.Serialize(values.ToArray());

    /// <summary>The bytes of a tensor: little-endian, row by row.</summary>
    public static byte[] Raw<T>(ReadOnlySpan<T> values)
        where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    /// <summary>Triton's form of BYTES: each element behind its length.</summary>
    public static byte[] RawTexts(params string[] texts) => [.. texts.SelectMany(text =>
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return BitConverter.GetBytes(bytes.Length).Concat(bytes);
    })];

    public static float[] Floats(ReadOnlySpan<byte> raw) => MemoryMarshal.Cast<byte, float>(raw).ToArray();

}
