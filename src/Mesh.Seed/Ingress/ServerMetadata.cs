using Mesh.Messages;
using Mesh.Seed.Models;

namespace Mesh.Seed.Ingress;

/// <summary>What both ingresses tell about the server and its repository.</summary>
internal static class ServerMetadata
{
    /// <summary>Triton's name for ONNX models run by ONNX Runtime.</summary>
    public const string Platform = "onnxruntime_onnx";

    /// <summary>Triton's names of the extensions that are served. Of model_repository only the index: the folder itself decides what is loaded.</summary>
    public static IReadOnlyList<string> Extensions { get; } =
        ["binary_tensor_data", "model_repository", "parameters", "schedule_policy", "statistics"];

    public static IEnumerable<string> ReadyVersions(ModelRepository repository, string model) =>
        repository.Snapshot.Models.TryGetValue(model, out var versions)
            ? versions.Where(version => version.State == ModelState.READY).Select(version => version.Version)
            : [];

    public static IEnumerable<ModelVersion> Index(ModelRepository repository, bool readyOnly) =>
        repository.Snapshot.Versions.Where(version => !readyOnly || version.State == ModelState.READY);

    /// <summary>READY versions whose statistics are wanted: of all models, of one, or a single one.</summary>
    /// <exception cref="RequestRefusedException">The named one is not known.</exception>
    public static IReadOnlyList<ModelReference> StatisticsOf(ModelRepository repository, string? model, string? version)
    {
        var snapshot = repository.Snapshot;
        if (!string.IsNullOrEmpty(model) && snapshot.Find(model, version) is null)
            throw new RequestRefusedException(Refusal.NotFound, $"model '{model}'{(string.IsNullOrEmpty(version) ? "" : $" version '{version}'")} is not known");
        return [.. snapshot.Versions
            .Where(candidate => string.IsNullOrEmpty(model) || candidate.Name == model)
            .Where(candidate => string.IsNullOrEmpty(version) || candidate.Version == version)
            .Where(candidate => candidate.Model is not null)
            .Select(candidate => candidate.Model!.Reference)];
    }
}
