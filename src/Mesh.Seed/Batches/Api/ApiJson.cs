using System.Text.Json;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches.Api;

/// <summary>OpenAI's File and Batch objects. Times are Unix seconds; what is not set is null.</summary>
internal static class ApiJson
{
    public static void Write(Utf8JsonWriter writer, FileEntry file)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, file.Id);
        writer.WriteString("object"u8, "file"u8);
        writer.WriteNumber("bytes"u8, file.Bytes);
        WriteTime(writer, "created_at"u8, file.CreatedAt);
        WriteTime(writer, "expires_at"u8, file.ExpiresAt);
        writer.WriteString("filename"u8, file.Filename);
        writer.WriteString("purpose"u8, file.Purpose);
        writer.WriteString("status"u8, "processed"u8);
        writer.WriteNull("status_details"u8);
        writer.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter writer, BatchEntry batch)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, batch.Id);
        writer.WriteString("object"u8, "batch"u8);
        writer.WriteString("endpoint"u8, batch.Request.Endpoint);
        WriteFaults(writer, batch.Faults);
        writer.WriteString("input_file_id"u8, batch.Request.InputFileId);
        writer.WriteString("completion_window"u8, batch.Request.WindowText);
        writer.WriteString("status"u8, StatusText(batch.Status));
        writer.WriteString("output_file_id"u8, batch.OutputFileId);
        writer.WriteString("error_file_id"u8, batch.ErrorFileId);
        WriteTimes(writer, batch.Times);
        writer.WriteStartObject("request_counts"u8);
        writer.WriteNumber("total"u8, batch.Total);
        writer.WriteNumber("completed"u8, batch.Completed);
        writer.WriteNumber("failed"u8, batch.Failed);
        writer.WriteEndObject();
        WriteMetadata(writer, batch.Request.Metadata);
        writer.WriteEndObject();
    }

    public static void Write<T>(Utf8JsonWriter writer, Page<T> page, Func<T, string> id, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var item in page.Items)
            write(writer, item);
        writer.WriteEndArray();
        writer.WriteString("first_id"u8, page.Items.Count > 0 ? id(page.Items[0]) : null);
        writer.WriteString("last_id"u8, page.Items.Count > 0 ? id(page.Items[^1]) : null);
        writer.WriteBoolean("has_more"u8, page.HasMore);
        writer.WriteEndObject();
    }

    private static string StatusText(BatchStatus status) => status switch
    {
        BatchStatus.Validating => "validating",
        BatchStatus.Failed => "failed",
        BatchStatus.InProgress => "in_progress",
        BatchStatus.Finalizing => "finalizing",
        BatchStatus.Completed => "completed",
        BatchStatus.Expired => "expired",
        BatchStatus.Cancelling => "cancelling",
        BatchStatus.Cancelled => "cancelled",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "has no name on the wire"),
    };

    private static void WriteFaults(Utf8JsonWriter writer, IReadOnlyList<BatchFault> faults)
    {
        if (faults.Count == 0)
        {
            writer.WriteNull("errors"u8);
            return;
        }

        writer.WriteStartObject("errors"u8);
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var fault in faults)
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, fault.Code);
            writer.WriteString("message"u8, fault.Message);
            writer.WriteString("param"u8, fault.Param);
            WriteNumber(writer, "line"u8, fault.Line);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter writer, BatchTimes times)
    {
        WriteTime(writer, "created_at"u8, times.CreatedAt);
        WriteTime(writer, "in_progress_at"u8, times.InProgressAt);
        WriteTime(writer, "expires_at"u8, times.ExpiresAt);
        WriteTime(writer, "finalizing_at"u8, times.FinalizingAt);
        WriteTime(writer, "completed_at"u8, times.CompletedAt);
        WriteTime(writer, "failed_at"u8, times.FailedAt);
        WriteTime(writer, "expired_at"u8, times.ExpiredAt);
        WriteTime(writer, "cancelling_at"u8, times.CancellingAt);
        WriteTime(writer, "cancelled_at"u8, times.CancelledAt);
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
        {
            writer.WriteNull("metadata"u8);
            return;
        }

        writer.WriteStartObject("metadata"u8);
        foreach (var (key, value) in metadata)
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? time) =>
        WriteNumber(writer, name, time?.ToUnixTimeSeconds());

    private static void WriteNumber(Utf8JsonWriter writer, ReadOnlySpan<byte> name, long? number)
    {
        if (number is { } value)
            writer.WriteNumber(name, value);
        else
            writer.WriteNull(name);
    }
}
