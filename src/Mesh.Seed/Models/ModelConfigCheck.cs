namespace Mesh.Seed.Models;

/// <summary>Holds a configuration against the model it stands beside. The model is right: the configuration may only narrow it.</summary>
internal static class ModelConfigCheck
{
    /// <returns>The model with the configured limits: a fixed dimension where the model leaves it open, a maximal batch.</returns>
    /// <exception cref="ModelUnavailableException">The two contradict each other.</exception>
    public static ServedModel Apply(ModelConfig config, ServedModel model)
    {
        Require(config.Name is null or "" || config.Name == model.Reference.Name, $"name is '{config.Name}', but the folder is '{model.Reference.Name}'");
        Require(config.Platform is null or "" or "onnxruntime_onnx", $"platform is '{config.Platform}'; only 'onnxruntime_onnx' is served here");
        Require(config.Backend is null or "" or "onnxruntime", $"backend is '{config.Backend}'; only 'onnxruntime' is served here");
        return model with
        {
            Config = config,
            Reference = model.Reference with { DeviceClasses = config.DeviceClasses, Publisher = config.Publisher },
            Inputs = Apply(config, "input", config.Inputs, model.Inputs),
            Outputs = Apply(config, "output", config.Outputs, model.Outputs),
        };
    }

    private static List<TensorSpec> Apply(ModelConfig config, string role, IReadOnlyList<ConfiguredTensor> configured, IReadOnlyList<TensorSpec> specs)
    {
        foreach (var tensor in configured)
        {
            Require(specs.Any(spec => spec.Name == tensor.Name), $"{role} '{tensor.Name}' is not one of the model's ({Names(specs)})");
            Require(configured.Count(other => other.Name == tensor.Name) == 1, $"{role} '{tensor.Name}' stands there twice");
        }

        return [.. specs.Select(spec => Apply(config, role, configured.FirstOrDefault(tensor => tensor.Name == spec.Name), spec))];
    }

    private static TensorSpec Apply(ModelConfig config, string role, ConfiguredTensor? tensor, TensorSpec spec)
    {
        var batched = config.MaxBatchSize > 0;
        Require(
            !batched || (spec.Shape.Count > 0 && spec.Shape[0] == -1),
            $"max_batch_size is {config.MaxBatchSize}, but {role} '{spec.Name}' of shape {Datatypes.Format(spec.Shape)} has no variable first dimension");
        Require(
            tensor?.Datatype is null || tensor.Datatype == spec.Datatype,
            $"{role} '{spec.Name}' has datatype {tensor?.Datatype}, but the model's has {spec.Datatype}");
        if (tensor?.Dims is not { } dims)
            return spec;
        IReadOnlyList<long> shape = batched ? [-1, .. dims] : dims;
        var fits = shape.Count == spec.Shape.Count && shape.Zip(spec.Shape, (told, own) => told == own || own == -1).All(same => same);
        Require(fits, $"{role} '{spec.Name}' has shape {Datatypes.Format(shape)}, but the model's has {Datatypes.Format(spec.Shape)}");
        return spec with { Shape = shape };
    }

    private static string Names(IReadOnlyList<TensorSpec> specs) => string.Join(", ", specs.Select(spec => $"'{spec.Name}'"));

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new ModelUnavailableException($"config.pbtxt: {problem}.");
    }
}
