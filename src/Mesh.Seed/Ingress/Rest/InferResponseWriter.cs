using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mesh.Messages;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Writes the answer of an infer request: JSON, then the blocks of the binary outputs in their order.</summary>
internal static class InferResponseWriter
{
    public static readonly JsonWriterOptions JsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <param name="binary">For each output of the answer whether it is written as a binary block.</param>
    /// <returns>Bytes of the JSON part when a binary part follows; null when there is none.</returns>
    /// <exception cref="RequestRefusedException">An output holds what JSON cannot express.</exception>
    public static int? Write(InferenceAnswer answer, bool[] binary, PooledBuffer body)
    {
        using (var writer = new Utf8JsonWriter((IBufferWriter<byte>)body, JsonOptions))
            WriteJson(writer, answer, binary);
        var jsonLength = body.Length;
        for (var i = 0; i < binary.Length; i++)
        {
            if (binary[i])
                body.Write(answer.Outcome.Outputs[i].Data.Span);
        }

        return body.Length > jsonLength ? jsonLength : null;
    }

    /// <summary>The JSON part alone.</summary>
    /// <exception cref="RequestRefusedException">An output holds what JSON cannot express.</exception>
    public static void WriteJson(Utf8JsonWriter writer, InferenceAnswer answer, bool[] binary)
    {
        writer.WriteStartObject();
        writer.WriteString("model_name"u8, answer.Model.Reference.Name);
        writer.WriteString("model_version"u8, answer.Model.Reference.Version);
        if (answer.Request.Id is { } id)
            writer.WriteString("id"u8, id);
        WriteParameters(writer, answer.Outcome);
        writer.WriteStartArray("outputs"u8);
        for (var i = 0; i < binary.Length; i++)
            WriteOutput(writer, answer.Outputs[i], answer.Outcome.Outputs[i], binary[i]);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, InferenceOutcome outcome)
    {
        writer.WriteStartObject("parameters"u8);
        if (outcome.Vehicle is { } vehicle)
            writer.WriteString("mesh_vehicle"u8, vehicle.Value);
        if (outcome.Request is { } request)
            writer.WriteString("mesh_request"u8, request.ToString());
        writer.WriteNumber("mesh_attempts"u8, outcome.Attempts);
        writer.WriteNumber("mesh_queue_us"u8, (long)outcome.Queue.TotalMicroseconds);
        writer.WriteNumber("mesh_infer_us"u8, (long)outcome.Timings.Infer.TotalMicroseconds);
        writer.WriteNumber("mesh_network_us"u8, (long)outcome.Network.TotalMicroseconds);
        writer.WriteBoolean("mesh_hedged"u8, outcome.Hedged);
        if (outcome.Timings.EnergyUj > 0)
            writer.WriteNumber("mesh_energy_uj"u8, outcome.Timings.EnergyUj);
        writer.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter writer, TensorSpec spec, RawTensor tensor, bool binary)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, spec.Name);
        writer.WriteString("datatype"u8, spec.Datatype.Name());
        WriteShape(writer, tensor.Shape);
        if (binary)
        {
            writer.WriteStartObject("parameters"u8);
            writer.WriteNumber("binary_data_size"u8, tensor.Data.Length);
            writer.WriteEndObject();
        }
        else
        {
            writer.WritePropertyName("data"u8);
            JsonTensorWriter.Write(writer, spec, tensor);
        }

        writer.WriteEndObject();
    }

    public static void WriteShape(Utf8JsonWriter writer, IReadOnlyList<long> shape)
    {
        writer.WriteStartArray("shape"u8);
        foreach (var dimension in shape)
            writer.WriteNumberValue(dimension);
        writer.WriteEndArray();
    }
}
