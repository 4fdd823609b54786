using System.Text.Json;
using Mesh.Seed.Models;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>What REST tells about the server, its models and what happened to them.</summary>
internal sealed class ModelEndpoints(
    ModelRepository repository,
    InferenceFrontEnd frontEnd,
    InferenceStatistics statistics,
    IReadiness readiness,
    IngressOptions options)
{
    public Task ServerAsync(HttpContext context) => RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, options.ServerName);
        writer.WriteString("version"u8, options.ServerVersion);
        writer.WriteStartArray("extensions"u8);
        foreach (var extension in ServerMetadata.Extensions)
            writer.WriteStringValue(extension);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>400 for a model that is not ready or that no vehicle takes now, and for one that is not known, as Triton.</summary>
    public Task ModelReadyAsync(HttpContext context)
    {
        ServedModel model;
        try
        {
            model = frontEnd.Find(RestRoute.Model(context), RestRoute.Version(context));
        }
        catch (RequestRefusedException e)
        {
            return RestResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, e.Message);
        }

        if (!readiness.CanServe(model.Reference, out var reason))
            return RestResponse.WriteErrorAsync(context, StatusCodes.Status400BadRequest, $"model '{model.Reference.Name}' cannot be served: {reason}");
        return RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, model.Reference.Name);
            writer.WriteBoolean("ready"u8, true);
            writer.WriteEndObject();
        });
    }

    public Task ModelAsync(HttpContext context)
    {
        var model = frontEnd.Find(RestRoute.Model(context), RestRoute.Version(context));
        return RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, model.Reference.Name);
            writer.WriteStartArray("versions"u8);
            foreach (var version in ServerMetadata.ReadyVersions(repository, model.Reference.Name))
                writer.WriteStringValue(version);
            writer.WriteEndArray();
            writer.WriteString("platform"u8, ServerMetadata.Platform);
            WriteTensors(writer, "inputs"u8, model.Inputs);
            WriteTensors(writer, "outputs"u8, model.Outputs);
            writer.WriteEndObject();
        });
    }

    public async Task IndexAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, options.MaxRequestBytes);
        var versions = ServerMetadata.Index(repository, readyOnly: body.Length > 0 && ReadReadyOnly(body));
        await RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartArray();
            foreach (var version in versions)
            {
                writer.WriteStartObject();
                writer.WriteString("name"u8, version.Name);
                writer.WriteString("version"u8, version.Version);
                writer.WriteString("state"u8, version.State.ToString());
                writer.WriteString("reason"u8, version.Reason);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    public Task StatisticsAsync(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["model"];
        var models = ServerMetadata.StatisticsOf(repository, name, RestRoute.Version(context));
        return RestResponse.WriteJsonAsync(context, StatusCodes.Status200OK, writer => StatisticsJson.Write(writer, models, statistics));
    }

    private static bool ReadReadyOnly(PooledBuffer body)
    {
        try
        {
            using var document = JsonDocument.Parse(body.Written);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw RequestRefusedException.Invalid("the body must be a JSON object or empty");
            if (!document.RootElement.TryGetProperty("ready"u8, out var ready))
                return false;
            return ready.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? ready.GetBoolean()
                : throw RequestRefusedException.Invalid("'ready' must be true or false");
        }
        catch (JsonException e)
        {
            throw RequestRefusedException.Invalid($"the body is not valid JSON: {e.Message}");
        }
    }

    private static void WriteTensors(Utf8JsonWriter writer, ReadOnlySpan<byte> field, IReadOnlyList<TensorSpec> specs)
    {
        writer.WriteStartArray(field);
        foreach (var spec in specs)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, spec.Name);
            writer.WriteString("datatype"u8, spec.Datatype.Name());
            InferResponseWriter.WriteShape(writer, spec.Shape);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
