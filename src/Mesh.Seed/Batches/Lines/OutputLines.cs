using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;

namespace Mesh.Seed.Batches.Lines;

/// <summary>Codes of lines that were not run.</summary>
internal static class ResultCodes
{
    /// <summary>The window ended first. OpenAI's.</summary>
    public const string Expired = "batch_expired";

    /// <summary>By analogy.</summary>
    public const string Cancelled = "batch_cancelled";
}

/// <summary>
/// Writes the lines of output and error files: <c>{"id", "custom_id", "response", "error"}</c> and an LF. The same arguments
/// give the same bytes.
/// </summary>
internal static class OutputLines
{
    /// <summary>What <c>POST …/infer</c> would have answered.</summary>
    /// <param name="line">Index in the input file, from 0.</param>
    /// <param name="outcome">An Ok one; a vehicle's, so it is checked.</param>
    /// <returns>False: it could not be answered so, and the line is one for the error file.</returns>
    public static bool WriteAnswer(
        PooledBuffer output, string batchId, int line, string customId, ServedModel model, BatchCall call, InferenceOutcome outcome)
    {
        var start = output.Length;
        var wanted = AnswerCheck.Wanted(model, call.Call.Outputs);
        if (AnswerCheck.Problem(wanted, outcome.Outputs) is { } problem)
        {
            WriteFailure(
                output, batchId, line, customId, StatusCodes.Status500InternalServerError,
                $"vehicle {outcome.Vehicle} answered with tensors that do not fit the model: {problem}");
            return false;
        }

        try
        {
            var answer = new InferenceAnswer(model, call.Request, wanted, outcome);
            WriteResponse(
                output, batchId, line, customId, StatusCodes.Status200OK,
                writer => InferResponseWriter.WriteJson(writer, answer, new bool[wanted.Count]));
            return true;
        }
        catch (RequestRefusedException e)
        {
            output.Truncate(start);
            WriteFailure(output, batchId, line, customId, StatusCodes.Status400BadRequest, e.Message);
            return false;
        }
    }

    /// <summary>What <c>POST …/infer</c> would have refused: a 4xx or 5xx with OIP's error object, whose text begins with the line's number.</summary>
    public static void WriteFailure(PooledBuffer output, string batchId, int line, string? customId, int status, string error) =>
        WriteResponse(output, batchId, line, customId, status, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error"u8, string.Create(CultureInfo.InvariantCulture, $"line {line + 1}: {error}"));
            writer.WriteEndObject();
        });

    /// <summary>A failure that is not an HTTP answer, see <see cref="ResultCodes"/>.</summary>
    public static void WriteError(PooledBuffer output, string batchId, int line, string? customId, string code, string message) =>
        WriteError(output, batchId, line, customId, code, message, null);

    public static void WriteBadLine(PooledBuffer output, string batchId, BadLine bad) => WriteError(
        output, batchId, bad.Line, bad.CustomId, bad.Code,
        string.Create(CultureInfo.InvariantCulture, $"line {bad.Line + 1}: {bad.Message}"), bad.Line + 1L);

    private static void WriteResponse(
        PooledBuffer output, string batchId, int line, string? customId, int status, Action<Utf8JsonWriter> writeBody)
    {
        using (var writer = new Utf8JsonWriter((IBufferWriter<byte>)output, InferResponseWriter.JsonOptions))
        {
            var digest = WriteStart(writer, batchId, line, customId);
            writer.WriteStartObject("response"u8);
            writer.WriteNumber("status_code"u8, status);
            writer.WriteString("request_id"u8, "req_" + digest[32..]);
            writer.WritePropertyName("body"u8);
            writeBody(writer);
            writer.WriteEndObject();
            writer.WriteNull("error"u8);
            writer.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteError(
        PooledBuffer output, string batchId, int line, string? customId, string code, string message, long? inputLine)
    {
        using (var writer = new Utf8JsonWriter((IBufferWriter<byte>)output, InferResponseWriter.JsonOptions))
        {
            WriteStart(writer, batchId, line, customId);
            writer.WriteNull("response"u8);
            writer.WriteStartObject("error"u8);
            writer.WriteString("code"u8, code);
            writer.WriteString("message"u8, message);
            if (inputLine is { } number)
                writer.WriteNumber("line"u8, number);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>The line's digest: a name that only this line of this batch has, whoever writes it and how often.</summary>
    private static string WriteStart(Utf8JsonWriter writer, string batchId, int line, string? customId)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{batchId}:{line}"))));
        writer.WriteStartObject();
        writer.WriteString("id"u8, "batch_req_" + digest[..32]);
        writer.WriteString("custom_id"u8, customId);
        return digest;
    }
}
