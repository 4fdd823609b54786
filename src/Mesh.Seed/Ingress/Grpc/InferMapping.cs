using Google.Protobuf;
using Google.Protobuf.Collections;
using Mesh.Seed.Models;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress.Grpc;

/// <summary>Between the protocol's messages and what the front end understands. Raw contents are handed on, not copied.</summary>
internal static class InferMapping
{
    private const string EmptyFinalResponse = "triton_enable_empty_final_response";

    /// <exception cref="RequestRefusedException">The request does not have the form of an infer request.</exception>
    public static InferRequest Read(ModelInferRequest message)
    {
        var raw = message.RawInputContents;
        if (raw.Count > 0 && raw.Count != message.Inputs.Count)
            throw Invalid($"raw_input_contents must have one block for each of the {message.Inputs.Count} inputs, got {raw.Count}");
        var inputs = new RequestInput[message.Inputs.Count];
        for (var i = 0; i < inputs.Length; i++)
            inputs[i] = ReadInput(message.Inputs[i], raw.Count > 0 ? raw[i] : null);
        var parameters = ReadParameters(message.Parameters, "the request");
        // Asks for a marker that only streams carry: nothing to do for a single answer.
        if (parameters.TryGetValue(EmptyFinalResponse, out var marker) && marker.Kind == ParameterKind.Boolean)
            parameters = parameters.Where(parameter => parameter.Key != EmptyFinalResponse).ToDictionary();
        return new InferRequest(
            message.Id.Length > 0 ? message.Id : null,
            parameters,
            inputs,
            [.. message.Outputs.Select(output => new RequestedOutput(output.Name, ReadParameters(output.Parameters, $"output '{output.Name}'")))]);
    }

    public static ModelInferResponse Write(InferenceAnswer answer)
    {
        var response = new ModelInferResponse
        {
            ModelName = answer.Model.Reference.Name,
            ModelVersion = answer.Model.Reference.Version,
            Id = answer.Request.Id ?? "",
        };
        var outcome = answer.Outcome;
        if (outcome.Vehicle is { } vehicle)
            response.Parameters.Add("mesh_vehicle", new InferParameter { StringParam = vehicle.Value });
        if (outcome.Request is { } request)
            response.Parameters.Add("mesh_request", new InferParameter { StringParam = request.ToString() });
        response.Parameters.Add("mesh_attempts", new InferParameter { Int64Param = outcome.Attempts });
        response.Parameters.Add("mesh_queue_us", new InferParameter { Int64Param = (long)outcome.Queue.TotalMicroseconds });
        response.Parameters.Add("mesh_infer_us", new InferParameter { Int64Param = (long)outcome.Timings.Infer.TotalMicroseconds });
        response.Parameters.Add("mesh_network_us", new InferParameter { Int64Param = (long)outcome.Network.TotalMicroseconds });
        response.Parameters.Add("mesh_hedged", new InferParameter { BoolParam = outcome.Hedged });
        if (outcome.Timings.EnergyUj > 0)
            response.Parameters.Add("mesh_energy_uj", new InferParameter { Int64Param = outcome.Timings.EnergyUj });
        for (var i = 0; i < answer.Outputs.Count; i++)
        {
            var (spec, tensor) = (answer.Outputs[i], outcome.Outputs[i]);
            response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor
            {
                Name = spec.Name,
                Datatype = spec.Datatype.Name(),
                Shape = { tensor.Shape },
            });
            response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(tensor.Data));
        }

        return response;
    }

    private static RequestInput ReadInput(ModelInferRequest.Types.InferInputTensor input, ByteString? raw)
    {
        if (!Datatypes.TryParse(input.Datatype, out var datatype))
        {
            throw Invalid(input.Datatype == "BF16"
                ? $"input '{input.Name}': datatype BF16 is not supported: use FP32 or FP16"
                : $"input '{input.Name}': '{input.Datatype}' is not a datatype: use one of {string.Join(", ", Enum.GetNames<TensorDatatype>())}");
        }

        if (raw is not null && !TypedContents.IsEmpty(input.Contents))
            throw Invalid($"input '{input.Name}': contents must not be set together with raw_input_contents");
        var data = raw?.Memory
            ?? (input.Contents is { } contents ? TypedContents.ToRaw(input.Name, datatype, contents) : ReadOnlyMemory<byte>.Empty);
        return new RequestInput(input.Name, datatype, [.. input.Shape], data, ReadParameters(input.Parameters, $"input '{input.Name}'"));
    }

    private static IReadOnlyDictionary<string, Parameter> ReadParameters(MapField<string, InferParameter> parameters, string where)
    {
        if (parameters.Count == 0)
            return Parameter.None;
        return parameters.ToDictionary(parameter => parameter.Key, parameter => parameter.Value.ParameterChoiceCase switch
        {
            InferParameter.ParameterChoiceOneofCase.BoolParam => Parameter.Of(parameter.Value.BoolParam),
            InferParameter.ParameterChoiceOneofCase.Int64Param => Parameter.Of(parameter.Value.Int64Param),
            InferParameter.ParameterChoiceOneofCase.StringParam => Parameter.Of(parameter.Value.StringParam),
            InferParameter.ParameterChoiceOneofCase.DoubleParam => Parameter.Of(parameter.Value.DoubleParam),
            InferParameter.ParameterChoiceOneofCase.Uint64Param => Parameter.Of(parameter.Value.Uint64Param),
            _ => throw Invalid($"parameter '{parameter.Key}' of {where} has no value"),
        });
    }
}
