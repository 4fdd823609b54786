using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Messages;
using Mesh.Seed.Ingress.Grpc;
using Mesh.Seed.Routing;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress.Grpc;

public sealed class GrpcTests : IAsyncLifetime
{
    private readonly IngressHost _host = new();
    private GrpcChannel _channel = null!;
    private GRPCInferenceService.GRPCInferenceServiceClient _client = null!;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _channel = GrpcChannel.ForAddress(_host.GrpcAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        _client = new GRPCInferenceService.GRPCInferenceServiceClient(_channel);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task What_the_server_tells()
    {
        Assert.True((await _client.ServerLiveAsync(new())).Live);
        Assert.True((await _client.ServerReadyAsync(new())).Ready);
        _host.NotReady = "no cluster yet";
        Assert.False((await _client.ServerReadyAsync(new())).Ready);
        var server = await _client.ServerMetadataAsync(new());
        Assert.Equal(("mesh", "9.8.7"), (server.Name, server.Version));
        Assert.Contains("binary_tensor_data", server.Extensions);
        Assert.True((await _client.ModelReadyAsync(new() { Name = "numbers", Version = "1" })).Ready);
        _host.NoVehicles = "no vehicle is connected";
        Assert.False((await _client.ModelReadyAsync(new() { Name = "numbers", Version = "1" })).Ready);
        _host.NoVehicles = null;
        Assert.False((await _client.ModelReadyAsync(new() { Name = "broken" })).Ready);
        Assert.False((await _client.ModelReadyAsync(new() { Name = "unknown" })).Ready);
        var model = await _client.ModelMetadataAsync(new() { Name = "fashion_cnn" });
        Assert.Equal(("fashion_cnn", "onnxruntime_onnx"), (model.Name, model.Platform));
        Assert.Equal(["1"], model.Versions);
        Assert.Equal([-1, 1, 28, 28], Assert.Single(model.Inputs).Shape);
        Assert.Equal(("probabilities", "FP32"), (model.Outputs[0].Name, model.Outputs[0].Datatype));
    }

    [Fact]
    public async Task The_index_and_statistics_are_those_of_REST()
    {
        var index = await _client.RepositoryIndexAsync(new());
        Assert.Equal("UNAVAILABLE", index.Models.Single(model => model.Name == "broken").State);
        Assert.Equal(4, (await _client.RepositoryIndexAsync(new() { Ready = true })).Models.Count);
        await AssertStatusAsync(StatusCode.Unimplemented, "is not supported", _client.RepositoryIndexAsync(new() { RepositoryName = "r" }).ResponseAsync);

        await _client.ModelInferAsync(Numbers());
        var statistics = Assert.Single((await _client.ModelStatisticsAsync(new() { Name = "numbers", Version = "3" })).ModelStats);
        Assert.Equal((2ul, 1ul), (statistics.InferenceCount, statistics.ExecutionCount));
        Assert.Equal((1ul, 500_000ul), (statistics.InferenceStats.ComputeInfer.Count, statistics.InferenceStats.ComputeInfer.Ns));
        await AssertStatusAsync(StatusCode.NotFound, "is not known", _client.ModelStatisticsAsync(new() { Name = "unknown" }).ResponseAsync);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Real_pictures_come_back_exactly_as_ONNX_Runtime_gives_them(bool raw)
    {
        _host.Gateway.Script = OnnxGateway.Run;
        var pixels = Pictures.Read(10, 32);
        var request = new ModelInferRequest
        {
            ModelName = "fashion_cnn",
            Id = "p",
            Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "image", Datatype = "FP32", Shape = { 32, 1, 28, 28 } } },
        };
        if (raw)
            request.RawInputContents.Add(UnsafeByteOperations.UnsafeWrap(Bytes(pixels)));
        else
            request.Inputs[0].Contents = new InferTensorContents { Fp32Contents = { pixels } };
        var response = await _client.ModelInferAsync(request);
        Assert.Equal(("fashion_cnn", "1", "p"), (response.ModelName, response.ModelVersion, response.Id));
        Assert.Equal([32, 10], Assert.Single(response.Outputs).Shape);
        using var session = new InferenceSession(Checkout.Artifact("fashion_cnn"));
        var direct = OnnxGateway.Run(session, new RawTensor([32, 1, 28, 28], Bytes(pixels)));
        Assert.Equal(direct.Data.ToArray(), Assert.Single(response.RawOutputContents).ToByteArray());
    }

    [Theory]
    [InlineData(RequestOutcome.Invalid, StatusCode.InvalidArgument, null)]
    [InlineData(RequestOutcome.Overloaded, StatusCode.ResourceExhausted, "3")]
    [InlineData(RequestOutcome.Unavailable, StatusCode.Unavailable, "3")]
    [InlineData(RequestOutcome.DeadlineExceeded, StatusCode.DeadlineExceeded, null)]
    [InlineData(RequestOutcome.DeadlineExceeded, StatusCode.DeadlineExceeded, "3")]
    [InlineData(RequestOutcome.Cancelled, StatusCode.Cancelled, null)]
    [InlineData(RequestOutcome.Failed, StatusCode.Internal, null)]
    public async Task Every_outcome_has_its_status(RequestOutcome outcome, StatusCode status, string? retryAfter)
    {
        _host.Gateway.Always(Ok() with { Outcome = outcome, Error = "because", RetryAfter = retryAfter is null ? null : TimeSpan.FromSeconds(2.1) });
        var error = await AssertStatusAsync(status, "because", _client.ModelInferAsync(Numbers()).ResponseAsync);
        Assert.Equal(retryAfter, error.Trailers.GetValue("retry-after"));
    }

    [Fact]
    public async Task Place_and_client_reach_the_router()
    {
        var request = Numbers();
        request.Parameters["mesh_location"] = new InferParameter { StringParam = "52.52,13.40" };
        request.Parameters["mesh_max_distance_km"] = new InferParameter { DoubleParam = 0.5 };
        foreach (var metadata in new Metadata[] { new() { { "authorization", "bearer secret" } }, new() { { "x-api-key", "secret" } }, [] })
            await _client.ModelInferAsync(request, metadata);
        var calls = _host.Gateway.Calls.ToArray();
        Assert.All(calls, call => Assert.Equal((new GeoPoint(52.52, 13.40), 0.5), (call.Origin, call.MaxDistanceKm)));
        Assert.Equal((calls[1].Client, 0u), (calls[0].Client, calls[2].Client));
        Assert.NotEqual(0u, calls[0].Client);
        request.Parameters["mesh_region"] = new InferParameter { StringParam = "elsewhere" };
        await AssertStatusAsync(StatusCode.InvalidArgument, "this is a seed of region 'here'", _client.ModelInferAsync(request).ResponseAsync);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused()
    {
        await AssertStatusAsync(StatusCode.NotFound, "model 'unknown' is not known", InferAsync(request => request.ModelName = "unknown"));
        await AssertStatusAsync(StatusCode.NotFound, "model 'numbers' has no version '2'", InferAsync(request => request.ModelVersion = "2"));
        await AssertStatusAsync(StatusCode.Unavailable, "model 'broken' version 1 is not ready", InferAsync(request => request.ModelName = "broken"));
        await AssertStatusAsync(StatusCode.InvalidArgument, "needs 5 elements, got 2", InferAsync(request => request.Inputs[0].Shape[0] = 5));
        await AssertStatusAsync(StatusCode.InvalidArgument, "sequence", InferAsync(request => request.Parameters["sequence_id"] = new InferParameter { Int64Param = 1 }));
        await AssertStatusAsync(StatusCode.ResourceExhausted, "", InferAsync(request => request.RawInputContents[0] = ByteString.CopyFrom(new byte[IngressHost.MaxRequestBytes])));
        Assert.Empty(_host.Gateway.Calls);
    }

    [Fact]
    public async Task A_gateway_that_breaks_its_promise_is_an_internal_error_without_its_details()
    {
        _host.Gateway.Script = (_, _) => throw new InvalidOperationException("secret");
        var error = await AssertStatusAsync(StatusCode.Internal, "the server failed to handle the call", InferAsync(_ => { }));
        Assert.DoesNotContain("secret", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_calls_deadline_shortens_the_budget_and_never_lengthens_it()
    {
        await _client.ModelInferAsync(Numbers(), deadline: DateTime.UtcNow.AddSeconds(5));
        await _client.ModelInferAsync(Numbers(), deadline: DateTime.UtcNow.AddMinutes(5));
        await _client.ModelInferAsync(Numbers());
        var budgets = _host.Gateway.Calls.Select(call => call.Budget).ToArray();
        Assert.InRange(budgets[0], TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(5));
        Assert.Equal([TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)], budgets[1..]);
    }

    [Fact]
    public async Task A_cancelled_call_cancels_its_request()
    {
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        _host.Gateway.Script = async (_, cancellation) =>
        {
            cancellation.Register(cancelled.SetResult);
            entered.SetResult();
            await cancelled.Task;
            return Ok() with { Outcome = RequestOutcome.Cancelled, Error = "cancelled" };
        };
        using var leaving = new CancellationTokenSource();
        var call = _client.ModelInferAsync(Numbers(), cancellationToken: leaving.Token).ResponseAsync;
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await leaving.CancelAsync();
        await AssertStatusAsync(StatusCode.Cancelled, "", call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static ModelInferRequest Numbers() => new()
    {
        ModelName = "numbers",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x0", Datatype = "FP32", Shape = { 2 } } },
        RawInputContents = { ByteString.CopyFrom(Bytes(1f, 2f)) },
    };

    private Task<ModelInferResponse> InferAsync(Action<ModelInferRequest> change)
    {
        var request = Numbers();
        change(request);
        return _client.ModelInferAsync(request).ResponseAsync;
    }

    private static async Task<RpcException> AssertStatusAsync(StatusCode status, string expected, Task call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.Equal(status, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail, StringComparison.Ordinal);
        return error;
    }
}
