using Mesh.Messages;
using Mesh.Seed.Models;

namespace Mesh.Seed.Ingress;

/// <summary>
/// Holds a vehicle's answer against the model: a vehicle is not trusted, and a client must never get a tensor whose bytes
/// do not fit its shape. Fixed dimensions are not compared, because models exist that tell a wrong one and still run.
/// </summary>
internal static class AnswerCheck
{
    /// <summary>The specs of the wanted outputs, in the order of the answer; no positions = all.</summary>
    public static IReadOnlyList<TensorSpec> Wanted(ServedModel model, IReadOnlyList<int> positions) =>
        positions.Count == 0 ? model.Outputs : [.. positions.Select(position => model.Outputs[position])];

    /// <summary>Null when the answer can be handed on; else what is wrong with it.</summary>
    public static string? Problem(IReadOnlyList<TensorSpec> wanted, IReadOnlyList<RawTensor> outputs)
    {
        if (outputs.Count != wanted.Count)
            return $"{outputs.Count} outputs instead of {wanted.Count}";
        for (var i = 0; i < outputs.Count; i++)
        {
            if (Problem(wanted[i], outputs[i]) is { } problem)
                return $"output '{wanted[i].Name}': {problem}";
        }

        return null;
    }

    private static string? Problem(TensorSpec spec, RawTensor output)
    {
        if (output.Shape.Count != spec.Shape.Count)
            return $"shape {Datatypes.Format(output.Shape)} does not have the rank of {Datatypes.Format(spec.Shape)}";
        if (output.Shape.Any(dimension => dimension < 0) || !TensorContent.TryCount(output.Shape, out var count))
            return $"shape {Datatypes.Format(output.Shape)} is not possible";
        return TensorContent.Problem(spec.Datatype, output.Shape, count, output.Data.Span);
    }
}
