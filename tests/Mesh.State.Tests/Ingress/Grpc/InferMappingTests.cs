using Google.Protobuf;
using Mesh.Messages;
using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Grpc;
using Mesh.Seed.Models;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Grpc;

public sealed class InferMappingTests
{
    [Fact]
    public void Raw_contents_are_handed_on_without_a_copy()
    {
        var block = ByteString.CopyFrom(1, 2, 3, 4);
        var request = new ModelInferRequest { Id = "7", Inputs = { Tensor("x0", "FP32") }, RawInputContents = { block } };
        var read = InferMapping.Read(request);
        Assert.Equal("7", read.Id);
        Assert.True(read.Inputs[0].Data.Equals(block.Memory));
    }

    public static TheoryData<string, InferTensorContents, byte[]> Typed => new()
    {
        { "BOOL", new() { BoolContents = { true, false } }, [1, 0] },
        { "INT8", new() { IntContents = { -128, 127 } }, [0x80, 0x7f] },
        { "INT16", new() { IntContents = { -2 } }, [0xfe, 0xff] },
        { "INT32", new() { IntContents = { -2 } }, [0xfe, 0xff, 0xff, 0xff] },
        { "INT64", new() { Int64Contents = { -2 } }, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] },
        { "UINT8", new() { UintContents = { 255 } }, [255] },
        { "UINT16", new() { UintContents = { 258 } }, [2, 1] },
        { "UINT32", new() { UintContents = { uint.MaxValue } }, [255, 255, 255, 255] },
        { "UINT64", new() { Uint64Contents = { 1 } }, [1, 0, 0, 0, 0, 0, 0, 0] },
        { "FP32", new() { Fp32Contents = { 1.5f, float.NaN } }, Bytes(1.5f, float.NaN) },
        { "FP64", new() { Fp64Contents = { -1.5 } }, Bytes(-1.5) },
        { "BYTES", new() { BytesContents = { ByteString.CopyFrom(9), ByteString.Empty } }, [1, 0, 0, 0, 9, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Typed))]
    public void Typed_contents_become_raw(string datatype, InferTensorContents contents, byte[] expected) =>
        Assert.Equal(expected, InferMapping.Read(new ModelInferRequest { Inputs = { Tensor("x0", datatype, contents) } }).Inputs[0].Data.ToArray());

    public static TheoryData<string, InferTensorContents, string> Wrong => new()
    {
        { "INT8", new() { IntContents = { 1, 128 } }, "input 'x0': element 1 is 128, out of the range of INT8 (-128 to 127)" },
        { "UINT16", new() { UintContents = { 65536 } }, "input 'x0': element 0 is 65536, out of the range of UINT16 (0 to 65535)" },
        { "FP32", new() { Fp64Contents = { 1 } }, "input 'x0' of datatype FP32 belongs in fp32_contents, got fp64_contents" },
        { "INT32", new() { IntContents = { 1 }, BytesContents = { ByteString.Empty } }, "input 'x0' of datatype INT32 belongs in int_contents, got bytes_contents" },
        { "FP16", new() { Fp32Contents = { 1 } }, "input 'x0': FP16 has no typed contents: send it in raw_input_contents" },
        { "BF16", new(), "input 'x0': datatype BF16 is not supported" },
        { "FLOAT", new(), "input 'x0': 'FLOAT' is not a datatype" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Typed_contents_that_do_not_fit_are_refused(string datatype, InferTensorContents contents, string expected) =>
        Assert.StartsWith(expected, Refused(() => InferMapping.Read(new ModelInferRequest { Inputs = { Tensor("x0", datatype, contents) } })), StringComparison.Ordinal);

    [Fact]
    public void Raw_and_typed_contents_do_not_mix()
    {
        var typed = Tensor("x0", "FP32", new InferTensorContents { Fp32Contents = { 1 } });
        Assert.Equal(
            "input 'x0': contents must not be set together with raw_input_contents",
            Refused(() => InferMapping.Read(new ModelInferRequest { Inputs = { typed }, RawInputContents = { ByteString.CopyFrom(1, 2, 3, 4) } })));
        Assert.Equal(
            "raw_input_contents must have one block for each of the 2 inputs, got 1",
            Refused(() => InferMapping.Read(new ModelInferRequest { Inputs = { typed, typed }, RawInputContents = { ByteString.Empty } })));
    }

    [Fact]
    public void Parameters_keep_their_type()
    {
        var request = new ModelInferRequest
        {
            Parameters =
            {
                ["timeout"] = new InferParameter { Int64Param = 5 },
                ["priority"] = new InferParameter { Uint64Param = 6 },
                ["text"] = new InferParameter { StringParam = "t" },
                ["triton_enable_empty_final_response"] = new InferParameter { BoolParam = true },
            },
        };
        Assert.Equal(
            [("priority", Parameter.Of(6UL)), ("text", Parameter.Of("t")), ("timeout", Parameter.Of(5L))],
            InferMapping.Read(request).Parameters.Select(parameter => (parameter.Key, parameter.Value)).OrderBy(parameter => parameter.Key, StringComparer.Ordinal));
        request.Parameters["empty"] = new InferParameter();
        Assert.Equal("parameter 'empty' of the request has no value", Refused(() => InferMapping.Read(request)));
    }

    [Fact]
    public void Answers_are_raw()
    {
        var model = Model((TensorDatatype.FP32, [-1]));
        var answer = new InferenceAnswer(model, Request() with { Id = "7" }, model.Outputs, Ok(new RawTensor([2], Bytes(1f, 2f))));
        var response = InferMapping.Write(answer);
        Assert.Equal(("m", "1", "7"), (response.ModelName, response.ModelVersion, response.Id));
        var output = Assert.Single(response.Outputs);
        Assert.Equal(("y0", "FP32"), (output.Name, output.Datatype));
        Assert.Equal([2L], output.Shape);
        Assert.Null(output.Contents);
        Assert.Equal(Bytes(1f, 2f), Assert.Single(response.RawOutputContents).ToByteArray());
        Assert.Equal("V-001", response.Parameters["mesh_vehicle"].StringParam);
        Assert.Equal(500, response.Parameters["mesh_infer_us"].Int64Param);
        Assert.Equal(0, response.Parameters["mesh_network_us"].Int64Param);
        Assert.DoesNotContain("mesh_energy_uj", response.Parameters.Keys);
        var measured = answer with { Outcome = answer.Outcome with { Timings = answer.Outcome.Timings with { EnergyUj = 42 } } };
        Assert.Equal(42, InferMapping.Write(measured).Parameters["mesh_energy_uj"].Int64Param);
        Assert.Equal(InferParameter.ParameterChoiceOneofCase.BoolParam, response.Parameters["mesh_hedged"].ParameterChoiceCase);
    }

    private static ModelInferRequest.Types.InferInputTensor Tensor(string name, string datatype, InferTensorContents? contents = null) =>
        new() { Name = name, Datatype = datatype, Shape = { 1 }, Contents = contents };
}
