using Google.Protobuf;
using Grpc.Core;
using Mesh.Process.Tests.Meshes;
using Mesh.Seed.Ingress.Grpc;

namespace Mesh.Process.Tests.Ingress.Grpc;

[Collection(OnRunningMesh.Name)]
public sealed class GrpcErrorTests(RunningMesh mesh)
{
    /// <summary>What is wrong with a request, and what the status must say about it.</summary>
    public static TheoryData<string, string> BadRequests => new()
    {
        { "name", "input 'picture' is not one of fashion_cnn" },
        { "datatype", "input 'image' of fashion_cnn/1 has datatype FP32, got INT8" },
        { "unknown datatype", "'FLOAT' is not a datatype" },
        { "shape", "got [1,28,28]" },
        { "negative dimension", "is negative" },
        { "overflow", "overflows 64 bits" },
        { "element count", "needs 784 elements, got 783" },
        { "wrong field", "input 'image' of datatype FP32 belongs in fp32_contents, got fp64_contents" },
        { "raw and typed", "contents must not be set together with raw_input_contents" },
        { "too many blocks", "one block for each of the 1 inputs, got 2" },
        { "empty parameter", "parameter 'note' of the request has no value" },
        { "nothing", "input 'image' of fashion_cnn/1 is missing" },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public async Task A_request_that_does_not_fit_is_INVALID_ARGUMENT(string wrong, string why)
    {
        var failure = await GrpcRequests.FailureAsync(mesh.Grpc.ModelInferAsync(Spoilt(wrong), deadline: GrpcRequests.Deadline));
        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Contains(why, failure.Status.Detail, StringComparison.Ordinal);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Fact]
    public async Task What_is_not_known_is_NOT_FOUND()
    {
        var request = GrpcRequests.Raw(0);
        request.ModelName = "nobody";
        var infer = await GrpcRequests.FailureAsync(mesh.Grpc.ModelInferAsync(request, deadline: GrpcRequests.Deadline));
        Assert.Equal((StatusCode.NotFound, "model 'nobody' is not known"), (infer.StatusCode, infer.Status.Detail));
        var metadata = await GrpcRequests.FailureAsync(
            mesh.Grpc.ModelMetadataAsync(new ModelMetadataRequest { Name = "lande", Version = "7" }, deadline: GrpcRequests.Deadline));
        Assert.Equal((StatusCode.NotFound, "model 'lande' has no version '7'"), (metadata.StatusCode, metadata.Status.Detail));
    }

    [Fact]
    public async Task Naming_a_repository_is_UNIMPLEMENTED()
    {
        var request = new RepositoryIndexRequest { RepositoryName = "other" };
        var failure = await GrpcRequests.FailureAsync(mesh.Grpc.RepositoryIndexAsync(request, deadline: GrpcRequests.Deadline));
        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    [Fact]
    public async Task A_message_above_the_limit_is_RESOURCE_EXHAUSTED()
    {
        var request = GrpcRequests.Raw(0);
        request.RawInputContents[0] = ByteString.CopyFrom(new byte[TestMesh.MaxRequestBytes + 1]);
        var failure = await GrpcRequests.FailureAsync(mesh.Grpc.ModelInferAsync(request, deadline: GrpcRequests.Deadline));
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_deadline_ends_a_request_wherever_it_is()
    {
        // Both would run for days; the vehicles serve others afterwards.
        var endless = GrpcRequests.Doubling(1L << 50);
        var byCall = await GrpcRequests.FailureAsync(mesh.Grpc.ModelInferAsync(endless, deadline: DateTime.UtcNow.AddMilliseconds(300)));
        Assert.Equal(StatusCode.DeadlineExceeded, byCall.StatusCode);

        endless.Parameters.Add("timeout", new InferParameter { Int64Param = 300_000 });
        var byParameter = await GrpcRequests.FailureAsync(mesh.Grpc.ModelInferAsync(endless, deadline: GrpcRequests.Deadline));
        Assert.Equal(StatusCode.DeadlineExceeded, byParameter.StatusCode);
        Assert.Contains("deadline", byParameter.Status.Detail, StringComparison.Ordinal);
        await mesh.Mesh.Metrics.WaitForActiveRequestsAsync(0);
        await mesh.Mesh.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Cancelled_calls_free_their_vehicles()
    {
        using var cancellation = new CancellationTokenSource();
        // One for each vehicle and one that waits, so that any later answer shows that a run was ended.
        var calls = Enumerable.Range(0, 3).Select(_ => mesh.Grpc.ModelInferAsync(
            GrpcRequests.Doubling(1L << 50), deadline: GrpcRequests.Deadline, cancellationToken: cancellation.Token)).ToList();
        await mesh.Mesh.Metrics.WaitForActiveRequestsAsync(3);
        await cancellation.CancelAsync();
        foreach (var call in calls)
            Assert.Equal(StatusCode.Cancelled, (await GrpcRequests.FailureAsync(call)).StatusCode);
        await mesh.Mesh.Metrics.WaitForActiveRequestsAsync(0);
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => mesh.Mesh.ClassifyAsync(number)));
        Assert.All(answers, answer => Assert.True(answer.Failure is null, answer.Failure));
    }

    private static ModelInferRequest Spoilt(string wrong)
    {
        var request = GrpcRequests.Raw(0);
        var input = request.Inputs[0];
        switch (wrong)
        {
            case "name": input.Name = "picture"; break;
            case "datatype": input.Datatype = "INT8"; break;
            case "unknown datatype": input.Datatype = "FLOAT"; break;
            case "shape": input.Shape.RemoveAt(0); break;
            case "negative dimension": input.Shape[0] = -1; break;
            case "overflow": input.Shape[0] = long.MaxValue; break;
            case "element count": request.RawInputContents[0] = ByteString.CopyFrom(new byte[783 * 4]); break;
            case "wrong field":
                request.RawInputContents.Clear();
                input.Contents = new InferTensorContents { Fp64Contents = { 0.5 } };
                break;
            case "raw and typed": input.Contents = new InferTensorContents { Fp32Contents = { 0.5f } }; break;
            case "too many blocks": request.RawInputContents.Add(ByteString.Empty); break;
            case "empty parameter": request.Parameters.Add("note", new InferParameter()); break;
            case "nothing":
                request.Inputs.Clear();
                request.RawInputContents.Clear();
                break;
            default: throw new ArgumentOutOfRangeException(nameof(wrong), wrong, "no such spoilt request");
        }

        return request;
    }
}
