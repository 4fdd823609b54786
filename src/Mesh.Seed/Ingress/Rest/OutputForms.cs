using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Rest;

/// <summary>Which outputs of a REST request come back as binary blocks and which as JSON.</summary>
internal static class OutputForms
{
    /// <summary>In the order of the answer's outputs. To be asked before the model runs: a form that cannot be written is refused.</summary>
    /// <exception cref="RequestRefusedException">A parameter of the wrong type, or FP16 asked as JSON.</exception>
    public static bool[] Read(ServedModel model, InferRequest request)
    {
        var all = RequestParameters.Read(request.Parameters).BinaryOutputs;
        if (request.Outputs.Count == 0)
            return [.. model.Outputs.Select(spec => Writable(spec, all))];
        return [.. request.Outputs.Select(output => IsBinary(model, output, all))];
    }

    private static bool IsBinary(ServedModel model, RequestedOutput output, bool all)
    {
        var binary = output.Parameters.TryGetValue("binary_data", out var own) ? RequestParameters.ReadBoolean("binary_data", own) : all;
        return model.Outputs.FirstOrDefault(spec => spec.Name == output.Name) is { } spec ? Writable(spec, binary) : binary;
    }

    private static bool Writable(TensorSpec spec, bool binary)
    {
        if (!binary && spec.Datatype == TensorDatatype.FP16)
            throw Invalid($"output '{spec.Name}' has datatype FP16, which has no JSON form here: ask for it with parameter 'binary_data' or 'binary_data_output'");
        return binary;
    }
}
