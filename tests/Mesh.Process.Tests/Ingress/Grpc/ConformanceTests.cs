using Google.Protobuf;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Process.Tests.Ingress.Grpc;

[Collection(OnRunningMesh.Name)]
public sealed class ConformanceTests(RunningMesh mesh)
{
    [Fact]
    public async Task The_server_is_live_and_ready_and_names_itself_as_over_REST()
    {
        Assert.True((await mesh.Grpc.ServerLiveAsync(new ServerLiveRequest(), deadline: GrpcRequests.Deadline)).Live);
        Assert.True((await mesh.Grpc.ServerReadyAsync(new ServerReadyRequest(), deadline: GrpcRequests.Deadline)).Ready);
        var server = await mesh.Grpc.ServerMetadataAsync(new ServerMetadataRequest(), deadline: GrpcRequests.Deadline);
        var rest = (await mesh.Rest.GetAsync("/v2")).Ok().Json;
        Assert.Equal(rest.GetProperty("name").GetString(), server.Name);
        Assert.Equal(rest.GetProperty("version").GetString(), server.Version);
        Assert.Equal(rest.GetProperty("extensions").EnumerateArray().Select(extension => extension.GetString()!), server.Extensions);
    }

    [Theory]
    [InlineData("fashion_cnn", "", true)]
    [InlineData("fashion_cnn", "1", true)]
    [InlineData("fashion_cnn", "2", false)]
    [InlineData("nobody", "", false)]
    public async Task A_model_tells_whether_it_is_ready(string name, string version, bool ready)
    {
        var request = new ModelReadyRequest { Name = name, Version = version };
        Assert.Equal(ready, (await mesh.Grpc.ModelReadyAsync(request, deadline: GrpcRequests.Deadline)).Ready);
    }

    [Fact]
    public async Task A_model_tells_its_tensors()
    {
        var model = await mesh.Grpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "blazeface" }, deadline: GrpcRequests.Deadline);
        Assert.Equal(("blazeface", "onnxruntime_onnx"), (model.Name, model.Platform));
        Assert.Equal(["1"], model.Versions);
        var input = Assert.Single(model.Inputs);
        Assert.Equal(("input:0", "FP32"), (input.Name, input.Datatype));
        Assert.Equal([1L, 128L, 128L, 3L], input.Shape);
        Assert.Equal(["Identity:0", "Identity_1:0", "Identity_2:0", "Identity_3:0"], model.Outputs.Select(output => output.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Raw_contents_are_answered_as_the_direct_run_does()
    {
        var request = GrpcRequests.Raw(first: 20, count: 8);
        request.Id = "eight";
        request.ModelVersion = "1";
        var answer = await mesh.Grpc.ModelInferAsync(request, deadline: GrpcRequests.Deadline);
        Assert.Equal(("fashion_cnn", "1", "eight"), (answer.ModelName, answer.ModelVersion, answer.Id));
        var output = Assert.Single(answer.Outputs);
        Assert.Equal((DirectRun.OutputName, "FP32"), (output.Name, output.Datatype));
        Assert.Equal([8L, 10L], output.Shape);
        // Raw contents and typed ones must never both be there.
        Assert.Null(output.Contents);
        var probabilities = Requests.Floats(Assert.Single(answer.RawOutputContents).Span);
        for (var i = 0; i < 8; i++)
            Pictures.AssertAgrees(20 + i, probabilities.AsSpan(10 * i, 10));
        Assert.Contains(answer.Parameters["mesh_vehicle"].StringParam, mesh.Mesh.Vehicles.Select(vehicle => vehicle.Id.Value));
    }

    [Fact]
    public async Task Typed_contents_mean_the_same()
    {
        var answer = await mesh.Grpc.ModelInferAsync(GrpcRequests.Typed(33), deadline: GrpcRequests.Deadline);
        Pictures.AssertAgrees(33, Requests.Floats(answer.RawOutputContents[0].Span));
        Assert.Equal("", answer.Id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Texts_have_lengths_in_raw_contents_only(bool raw)
    {
        var request = new ModelInferRequest
        {
            ModelName = "pair",
            Inputs =
            {
                new ModelInferRequest.Types.InferInputTensor { Name = "number", Datatype = "INT32", Shape = { 2 } },
                new ModelInferRequest.Types.InferInputTensor { Name = "text", Datatype = "BYTES", Shape = { 2 } },
            },
            // Asked for in another order than the model has them.
            Outputs =
            {
                new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "text_out" },
                new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "number_out" },
            },
        };
        if (raw)
        {
            request.RawInputContents.Add(ByteString.CopyFrom(Requests.Raw<int>([-5, 6])));
            request.RawInputContents.Add(ByteString.CopyFrom(Requests.RawTexts("minus", "")));
        }
        else
        {
            request.Inputs[0].Contents = new InferTensorContents { IntContents = { -5, 6 } };
            request.Inputs[1].Contents = new InferTensorContents { BytesContents = { ByteString.CopyFromUtf8("minus"), ByteString.Empty } };
        }

        var answer = await mesh.Grpc.ModelInferAsync(request, deadline: GrpcRequests.Deadline);
        Assert.Equal(["text_out", "number_out"], answer.Outputs.Select(output => output.Name));
        Assert.Equal(Requests.RawTexts("minus", ""), answer.RawOutputContents[0].ToByteArray());
        Assert.Equal(Requests.Raw<int>([-5, 6]), answer.RawOutputContents[1].ToByteArray());
    }

    [Fact]
    public async Task Index_and_statistics_are_Tritons()
    {
        var index = await mesh.Grpc.RepositoryIndexAsync(new RepositoryIndexRequest(), deadline: GrpcRequests.Deadline);
        Assert.Contains(index.Models, model => model is { Name: "lande", Version: "1", State: "READY", Reason: "" });

        var before = await StatisticsAsync();
        await mesh.Grpc.ModelInferAsync(GrpcRequests.Raw(0, count: 2), deadline: GrpcRequests.Deadline);
        var after = await StatisticsAsync();
        Assert.Equal(before.InferenceCount + 2, after.InferenceCount);
        Assert.Equal(before.ExecutionCount + 1, after.ExecutionCount);
        Assert.Equal(before.InferenceStats.Success.Count + 1, after.InferenceStats.Success.Count);
        Assert.True(after.InferenceStats.ComputeInfer.Ns > before.InferenceStats.ComputeInfer.Ns);
    }

    private async Task<ModelStatistics> StatisticsAsync()
    {
        var request = new ModelStatisticsRequest { Name = DirectRun.Model };
        return Assert.Single((await mesh.Grpc.ModelStatisticsAsync(request, deadline: GrpcRequests.Deadline)).ModelStats);
    }
}
