using Google.Protobuf;
using Grpc.Core;
using Mesh.Demo;
using Mesh.Process.Tests.Meshes;
using Mesh.Seed.Ingress.Grpc;
using Mesh.Testing;

namespace Mesh.Process.Tests.Ingress.Grpc;

/// <summary>Infer requests as gRPC messages.</summary>
internal static class GrpcRequests
{
    /// <summary>Generous, so that no test hangs.</summary>
    public static DateTime Deadline => DateTime.UtcNow + TestMesh.Limit;

    /// <summary>Labelled pictures as one batch, in raw contents.</summary>
    public static ModelInferRequest Raw(int first, int count = 1)
    {
        var request = new ModelInferRequest { ModelName = DirectRun.Model, Inputs = { Image(count) } };
        request.RawInputContents.Add(ByteString.CopyFrom(Requests.Raw(Pictures.Data.Images(first, count).Span)));
        return request;
    }

    /// <summary>One labelled picture in typed contents.</summary>
    public static ModelInferRequest Typed(int picture)
    {
        var input = Image(1);
        input.Contents = new InferTensorContents { Fp32Contents = { Pictures.Data.Image(picture).ToArray() } };
        return new ModelInferRequest { ModelName = DirectRun.Model, Inputs = { input } };
    }

    /// <summary>Runs until the iterations are over; see <see cref="OnnxFile.DoublingLoop"/>.</summary>
    public static ModelInferRequest Doubling(long trips) => new()
    {
        ModelName = "doubling",
        Inputs =
        {
            new ModelInferRequest.Types.InferInputTensor
            {
                Name = "x", Datatype = "FP32", Shape = { 1 }, Contents = new InferTensorContents { Fp32Contents = { 0 } },
            },
            new ModelInferRequest.Types.InferInputTensor
            {
                Name = "trips", Datatype = "INT64", Contents = new InferTensorContents { Int64Contents = { trips } },
            },
        },
    };

    public static ModelInferRequest.Types.InferInputTensor Image(int count) =>
        new() { Name = DirectRun.InputName, Datatype = "FP32", Shape = { count, 1, FashionPictures.Height, FashionPictures.Width } };

    /// <summary>The status of a call that must fail.</summary>
    public static async Task<RpcException> FailureAsync<T>(AsyncUnaryCall<T> call)
    {
        using (call)
            return await Assert.ThrowsAsync<RpcException>(async () => await call);
    }
}
