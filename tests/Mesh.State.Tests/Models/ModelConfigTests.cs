using Mesh.Seed.Models;
using Mesh.Testing;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Models;

public sealed class ModelConfigTests : IDisposable
{
    private readonly RepositoryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gpu-1", "gpu-1")]
    [InlineData(" gpu-1 , cpu-8", "gpu-1,cpu-8")]
    public void A_model_can_demand_classes_of_hardware(string told, string demanded) =>
        Assert.Equal(
            demanded,
            ModelConfigText.Parse($"parameters {{ key: \"mesh_device_class\" value {{ string_value: \"{told}\" }} }}").DeviceClasses);

    [Fact]
    public void A_model_can_name_its_publisher() => Assert.Equal(
        "acme", ModelConfigText.Parse("parameters { key: \"mesh_publisher\" value { string_value: \"acme\" } }").Publisher);

    [Theory]
    [InlineData(
        "parameters { key: \"mesh_publisher\" value { string_value: \"acme, other\" } }", "config.pbtxt, line 1: 'mesh_publisher' names more than one.")]
    [InlineData("parameters { key: \"mesh_device_class\" }", "config.pbtxt, line 1: 'mesh_device_class' has no value { string_value: … }.")]
    [InlineData(
        "\nparameters { key: \"mesh_device_class\" value { string_value: \"gpu 1\" } }",
        "config.pbtxt, line 2: 'gpu 1' in 'mesh_device_class' is no device class: letters, digits, '-', '_' or '.'.")]
    public void A_demand_that_cannot_be_read_is_refused(string text, string reason) =>
        Assert.Equal(reason, Assert.Throws<ModelUnavailableException>(() => ModelConfigText.Parse(text)).Message);

    [Fact]
    public void A_usual_configuration_is_read()
    {
        var config = ModelConfigText.Parse("""
            # A picture classifier
            name: "fashion"
            platform: 'onnxruntime_onnx'
            max_batch_size: 32
            input [
              { name: "x0" data_type: TYPE_FP32 dims: [ 1, 28, 28 ] },
              { name: "x1", data_type: TYPE_STRING, dims: -1 }
            ]
            output { name: "y0" data_type: TYPE_FP16 dims: 1 dims: 10 }
            dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 250 }
            instance_group [ { count: 2 kind: KIND_CPU } ]
            parameters: { key: "a" value: { string_value: "b" ' c' } }
            """);

        Assert.Equal(("fashion", "onnxruntime_onnx", 32), (config.Name, config.Platform, config.MaxBatchSize));
        Assert.Equal(["x0", "x1"], config.Inputs.Select(input => input.Name));
        Assert.Equal([TensorDatatype.FP32, TensorDatatype.BYTES], config.Inputs.Select(input => input.Datatype!.Value));
        Assert.Equal([1, 28, 28], config.Inputs[0].Dims);
        Assert.Equal([-1], config.Inputs[1].Dims);
        Assert.Equal([1, 10], Assert.Single(config.Outputs).Dims);
        Assert.Equal(TimeSpan.FromMicroseconds(250), config.MaxQueueDelay);
        Assert.Equal(["dynamic_batching.preferred_batch_size", "instance_group", "parameters"], config.IgnoredFields);
    }

    [Theory]
    [InlineData("name \"m\"", "line 1: ':' or '{' is missing after 'name'")]
    [InlineData("input {\n name: \"x0\"\n", "line 3: '}' is missing at the end")]
    [InlineData("name: \"m\nplatform: \"x\"", "line 1: a string does not end on its line")]
    [InlineData("\nmax_batch_size: many", "line 2: 'max_batch_size' must be an integer from 0 to 2147483647, got 'many'")]
    [InlineData("max_batch_size: -1", "must be an integer from 0")]
    [InlineData("max_bach_size: 8", "'max_bach_size' is not a field of a model configuration")]
    [InlineData("input { data_type: TYPE_FP32 }", "'input' has no name")]
    [InlineData("input { name: \"x0\" data_type: TYPE_BF16 }", "'TYPE_BF16' is not a data type that is served here")]
    [InlineData("input: 3", "'input' must be a block in braces")]
    [InlineData("input { name: \"x0\" reshape { shape: [ ] } }", "'reshape' is not supported")]
    [InlineData("ensemble_scheduling { }", "'ensemble_scheduling' is not supported")]
    [InlineData("default_model_filename: \"other.onnx\"", "'default_model_filename' is not supported")]
    [InlineData("input [ { name: \"x0\" }", "']' or ',' is missing in the list 'input'")]
    [InlineData("}", "a field name is missing")]
    public void A_mistake_is_named_with_its_line(string text, string expected)
    {
        var refused = Assert.Throws<ModelUnavailableException>(() => ModelConfigText.Parse(text));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_not_a_stack_overflow()
    {
        var refused = Assert.Throws<ModelUnavailableException>(
            () => ModelConfigText.Parse(string.Concat(Enumerable.Repeat("a {", 100_000))));
        Assert.Contains("nested deeper than", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_fits_narrows_the_model()
    {
        _folder.WriteModel("m", OnnxFile.Identity((TensorElementType.Float, [-1, -1])));
        _folder.WriteConfig("m", "name: \"m\" backend: \"onnxruntime\" max_batch_size: 8 input { name: \"x0\" data_type: TYPE_FP32 dims: [ 4 ] }");
        var model = _folder.Rescanned("m").Model!;
        Assert.Equal([-1, 4], model.Inputs[0].Shape);
        Assert.Equal([-1, -1], model.Outputs[0].Shape);
        Assert.Equal(8, model.Config!.MaxBatchSize);
    }

    [Theory]
    [InlineData("name: \"other\"", "name is 'other', but the folder is 'm'")]
    [InlineData("platform: \"tensorrt_plan\"", "platform is 'tensorrt_plan'")]
    [InlineData("backend: \"python\"", "backend is 'python'")]
    [InlineData("input { name: \"z\" }", "input 'z' is not one of the model's ('x0')")]
    [InlineData("input { name: \"x0\" data_type: TYPE_INT8 }", "input 'x0' has datatype INT8, but the model's has FP32")]
    [InlineData("input { name: \"x0\" dims: [ 4 ] }", "input 'x0' has shape [4], but the model's has [2,-1]")]
    [InlineData("input { name: \"x0\" dims: [ 3, 4 ] }", "input 'x0' has shape [3,4], but the model's has [2,-1]")]
    [InlineData("input { name: \"x0\" dims: [ -1, 4 ] }", "input 'x0' has shape [-1,4], but the model's has [2,-1]")]
    [InlineData("max_batch_size: 4", "has no variable first dimension")]
    [InlineData("output [ { name: \"y0\" }, { name: \"y0\" } ]", "output 'y0' stands there twice")]
    public void A_configuration_that_contradicts_its_model_makes_it_unavailable(string text, string reason)
    {
        _folder.WriteModel("m", OnnxFile.Identity((TensorElementType.Float, [2, -1])));
        _folder.WriteConfig("m", text);
        var version = _folder.Rescanned("m");
        Assert.Equal(ModelState.UNAVAILABLE, version.State);
        Assert.Contains(reason, version.Reason, StringComparison.Ordinal);

        _folder.WriteConfig("m", "");
        Assert.Equal(ModelState.READY, _folder.Rescanned("m").State);
    }
}
