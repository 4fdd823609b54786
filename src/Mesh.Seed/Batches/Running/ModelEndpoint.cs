using Mesh.Seed.Models;

namespace Mesh.Seed.Batches.Running;

/// <summary>The model that a batch's endpoint names: <c>/v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal static class ModelEndpoint
{
    /// <param name="reason">For the client, when there is none.</param>
    public static ServedModel? Find(ModelRepository models, string endpoint, out string reason)
    {
        var (name, version) = endpoint.Split('/') switch
        {
            ["", "v2", "models", var model, "infer"] => (model, (string?)null),
            ["", "v2", "models", var model, "versions", var number, "infer"] => (model, number),
            _ => ("", null),
        };
        var found = name.Length == 0 ? null : models.Find(Uri.UnescapeDataString(name), version is null ? null : Uri.UnescapeDataString(version));
        reason = found switch
        {
            null => $"endpoint '{endpoint}' names no model that is known here",
            { Model: null } => $"the model of endpoint '{endpoint}' is not ready: {found.Reason}",
            _ => "",
        };
        return found?.Model;
    }
}
