using Mesh.Seed.Models;

namespace Mesh.Seed.Batches.Running;

/// <summary>The model that a batch's endpoint names: <c>/v2/models/{model}[/versions/{version}]/infer</c>.</summary>
internal static class ModelEndpoint
{
    /// <summary>Null while there is none that is ready.</summary>
    public static ServedModel? Find(ModelRepository models, string endpoint) => endpoint.Split('/') switch
    {
        ["", "v2", "models", var model, "infer"] => Find(models, model, null),
        ["", "v2", "models", var model, "versions", var number, "infer"] => Find(models, model, Uri.UnescapeDataString(number)),
        _ => null,
    };

    private static ServedModel? Find(ModelRepository models, string name, string? version) =>
        models.Find(Uri.UnescapeDataString(name), version)?.Model;
}
