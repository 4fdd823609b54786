using Mesh.Messages;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress;

/// <summary>Holds a request against its model. Pure: knows nothing of vehicles, clocks or the wire.</summary>
internal static class RequestValidation
{
    /// <summary>Characters of a request's own id by which operators can find it.</summary>
    public const int MaxKeptId = 128;

    /// <exception cref="RequestRefusedException">With what is wrong, where, and what was expected.</exception>
    /// <param name="region">The region that serves it; null = whichever the request names.</param>
    public static InferenceCall Validate(ServedModel model, InferRequest request, TimeSpan defaultTimeout, RegionName? region = null)
    {
        var parameters = RequestParameters.Read(request.Parameters);
        if (region is { } here && parameters.Region is { } asked && asked != here.Value)
            throw Invalid($"parameter 'mesh_region' asks for region '{asked}', but this is a seed of region '{here}' and serves no other: ask one of that region");
        var inputs = new RawTensor?[model.Inputs.Count];
        foreach (var input in request.Inputs)
        {
            var position = IndexOf(model.Inputs, input.Name);
            if (position < 0)
                throw Invalid($"input '{input.Name}' is not one of {model.Reference}: it has {Names(model.Inputs)}");
            if (inputs[position] is not null)
                throw Invalid($"input '{input.Name}' is given twice");
            inputs[position] = ValidateInput(model, model.Inputs[position], input);
        }

        if (Array.IndexOf(inputs, null) is >= 0 and var missing)
            throw Invalid($"input '{model.Inputs[missing].Name}' of {model.Reference} is missing: it needs {Names(model.Inputs)}");
        return new InferenceCall(
            model.Reference, inputs!, ValidateOutputs(model, request.Outputs), parameters.Timeout ?? defaultTimeout, parameters.Priority)
        {
            Origin = parameters.Location,
            MaxDistanceKm = parameters.MaxDistanceKm ?? double.PositiveInfinity,
            ClientRequest = request.Id is { Length: > MaxKeptId } id ? id[..MaxKeptId] : request.Id ?? "",
        };
    }

    private static RawTensor ValidateInput(ServedModel model, TensorSpec spec, RequestInput input)
    {
        foreach (var name in input.Parameters.Keys)
        {
            if (name.StartsWith("shared_memory_", StringComparison.Ordinal))
                throw Invalid($"input '{spec.Name}': parameter '{name}' is not supported: there is no shared memory with this server");
        }

        if (input.Datatype != spec.Datatype)
            throw Invalid($"input '{spec.Name}' of {model.Reference} has datatype {spec.Datatype.Name()}, got {input.Datatype.Name()}");
        ValidateShape(model, spec, input.Shape);
        if (!TensorContent.TryCount(input.Shape, out var count))
            throw Invalid($"input '{spec.Name}': the product of shape {Datatypes.Format(input.Shape)} overflows 64 bits");
        if (TensorContent.Problem(spec.Datatype, input.Shape, count, input.Data.Span) is { } problem)
            throw Invalid($"input '{spec.Name}': {problem}");
        return new RawTensor(input.Shape, input.Data);
    }

    private static void ValidateShape(ServedModel model, TensorSpec spec, IReadOnlyList<long> shape)
    {
        for (var axis = 0; axis < shape.Count; axis++)
        {
            if (shape[axis] < 0)
                throw Invalid($"input '{spec.Name}': dimension {axis} of shape {Datatypes.Format(shape)} is negative; a request tells its real shape");
        }

        var fits = shape.Count == spec.Shape.Count;
        for (var axis = 0; fits && axis < shape.Count; axis++)
            fits = spec.Shape[axis] == -1 || spec.Shape[axis] == shape[axis];
        if (!fits)
            throw Invalid($"input '{spec.Name}' of {model.Reference} has shape {Datatypes.Format(spec.Shape)} (-1 = any), got {Datatypes.Format(shape)}");
        if (model.Config is { MaxBatchSize: > 0 and var most } && shape[0] > most)
            throw Invalid($"input '{spec.Name}': the batch of {shape[0]} is above the model's max_batch_size of {most}");
    }

    private static int[] ValidateOutputs(ServedModel model, IReadOnlyList<RequestedOutput> requested)
    {
        var positions = new int[requested.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            var (name, parameters) = requested[i];
            positions[i] = IndexOf(model.Outputs, name);
            if (positions[i] < 0)
                throw Invalid($"output '{name}' is not one of {model.Reference}: it has {Names(model.Outputs)}");
            if (Array.IndexOf(positions, positions[i], 0, i) >= 0)
                throw Invalid($"output '{name}' is requested twice");
            foreach (var parameter in parameters.Keys)
            {
                if (parameter == "classification" || parameter.StartsWith("shared_memory_", StringComparison.Ordinal))
                    throw Invalid($"output '{name}': parameter '{parameter}' is not supported");
            }
        }

        return positions;
    }

    private static int IndexOf(IReadOnlyList<TensorSpec> specs, string name)
    {
        for (var i = 0; i < specs.Count; i++)
        {
            if (specs[i].Name == name)
                return i;
        }

        return -1;
    }

    private static string Names(IReadOnlyList<TensorSpec> specs) => string.Join(", ", specs.Select(spec => $"'{spec.Name}'"));
}
