using Mesh.Messages;
using Mesh.Seed.Models;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Models;

public sealed class BatchingRulesTests : IDisposable
{
    private readonly RepositoryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fashion_cnn", true)]
    [InlineData("lande", true)]
    [InlineData("blazeface", false)] // its outputs are for one picture
    public void A_real_model_is_joined_when_its_first_dimensions_are_free(string name, bool joined)
    {
        _folder.WriteModel(name, File.ReadAllBytes(Checkout.Artifact(name)));
        Assert.Equal(joined ? new BatchLimits(32, TimeSpan.Zero) : null, _folder.Rescanned(name).Model!.Reference.Batching);
    }

    [Fact]
    public void One_tensor_without_a_free_first_dimension_or_of_strings_keeps_requests_apart()
    {
        Assert.NotNull(Of((TensorElementType.Float, [-1]), (TensorElementType.Int64, [-1, 3])));
        Assert.Null(Of((TensorElementType.Float, [-1]), (TensorElementType.Float, [2, -1])));
        Assert.Null(Of((TensorElementType.Float, [-1]), (TensorElementType.Float, [])));
        Assert.Null(Of((TensorElementType.Float, [-1]), (TensorElementType.String, [-1])));
    }

    [Theory]
    [InlineData("max_batch_size: 8 dynamic_batching { max_queue_delay_microseconds: 250 }", 8, 250)]
    [InlineData("max_batch_size: 8", 8, 0)]
    [InlineData("max_batch_size: 1 dynamic_batching { }", 0, 0)]
    [InlineData("", 0, 0)] // a configuration that names no batch says that the first dimension is none
    public void A_configuration_decides_as_in_Triton(string config, int maxBatchSize, int delayMicroseconds)
    {
        _folder.WriteConfig("m", config);
        var expected = maxBatchSize == 0 ? null : new BatchLimits(maxBatchSize, TimeSpan.FromMicroseconds(delayMicroseconds));
        Assert.Equal(expected, Of((TensorElementType.Float, [-1, 4])));
    }

    private BatchLimits? Of(params (TensorElementType Type, long[]? Shape)[] tensors)
    {
        _folder.WriteModel("m", OnnxFile.Identity(tensors));
        return _folder.Rescanned("m").Model!.Reference.Batching;
    }
}
