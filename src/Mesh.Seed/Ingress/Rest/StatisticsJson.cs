using System.Text.Json;
using Mesh.Messages;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Triton's ModelStatistics as JSON, counters as numbers.</summary>
internal static class StatisticsJson
{
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<ModelReference> models, InferenceStatistics statistics)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("model_stats"u8);
        foreach (var model in models)
            WriteModel(writer, model, statistics.Of(model.Name, model.Version));
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter writer, ModelReference model, in ModelStatisticsSnapshot values)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, model.Name);
        writer.WriteString("version"u8, model.Version);
        writer.WriteNumber("last_inference"u8, values.LastInference);
        writer.WriteNumber("inference_count"u8, values.InferenceCount);
        writer.WriteNumber("execution_count"u8, values.ExecutionCount);
        writer.WriteStartObject("inference_stats"u8);
        WriteDuration(writer, "success"u8, values.Success);
        WriteDuration(writer, "fail"u8, values.Fail);
        WriteDuration(writer, "queue"u8, values.Queue);
        WriteDuration(writer, "compute_input"u8, values.ComputeInput);
        WriteDuration(writer, "compute_infer"u8, values.ComputeInfer);
        WriteDuration(writer, "compute_output"u8, values.ComputeOutput);
        WriteDuration(writer, "cache_hit"u8, default);
        WriteDuration(writer, "cache_miss"u8, default);
        writer.WriteEndObject();
        // Vehicles form the batches of a run, so a seed has none to tell.
        writer.WriteStartArray("batch_stats"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteDuration(Utf8JsonWriter writer, ReadOnlySpan<byte> field, DurationStatistic duration)
    {
        writer.WriteStartObject(field);
        writer.WriteNumber("count"u8, duration.Count);
        writer.WriteNumber("ns"u8, duration.Nanoseconds);
        writer.WriteEndObject();
    }
}
