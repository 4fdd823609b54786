using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Seed.Ingress;
using Mesh.Seed.Models;
using static Mesh.State.Tests.Ingress.Samples;

namespace Mesh.State.Tests.Ingress;

public sealed class RequestValidationTests
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(10);
    private static readonly ServedModel Pair = Model((TensorDatatype.FP32, [-1, 2]), (TensorDatatype.INT8, [3]));
    private static readonly RequestInput X0 = Input("x0", TensorDatatype.FP32, [1, 2], Bytes(1f, 2f));
    private static readonly RequestInput X1 = Input("x1", TensorDatatype.INT8, [3], [1, 2, 3]);

    [Fact]
    public void Inputs_come_out_in_the_models_order_and_outputs_by_position()
    {
        var request = Request(X1, X0) with { Outputs = [new("y1", Parameter.None), new("y0", Parameter.None)] };
        var call = RequestValidation.Validate(Pair, request, Default);
        Assert.Equal([1, 2], call.Inputs[0].Shape);
        Assert.Equal(X0.Data, call.Inputs[0].Data);
        Assert.Equal(X1.Data, call.Inputs[1].Data);
        Assert.Equal([1, 0], call.Outputs);
        Assert.Equal((Default, 0u), (call.Budget, call.Priority));
        Assert.Equal(Pair.Reference, call.Model);
    }

    [Fact]
    public void Wrong_names_are_named()
    {
        Assert.Equal("input 'x1' of m/1 is missing: it needs 'x0', 'x1'", Refusal(Pair, X0));
        Assert.Equal("input 'x2' is not one of m/1: it has 'x0', 'x1'", Refusal(Pair, X0, X1, X1 with { Name = "x2" }));
        Assert.Equal("input 'x0' is given twice", Refusal(Pair, X0, X0, X1));
        Assert.Equal("output 'y9' is not one of m/1: it has 'y0', 'y1'", OutputRefusal("y9"));
        Assert.Equal("output 'y1' is requested twice", OutputRefusal("y1", "y1"));
    }

    [Theory]
    [InlineData(new long[] { 2 }, "has shape [-1,2] (-1 = any), got [2]")]
    [InlineData(new long[] { 1, 3 }, "has shape [-1,2] (-1 = any), got [1,3]")]
    [InlineData(new long[] { 1, 2, 1 }, "got [1,2,1]")]
    [InlineData(new long[] { -1, 2 }, "dimension 0 of shape [-1,2] is negative")]
    [InlineData(new long[] { long.MaxValue, 2 }, "the product of shape [9223372036854775807,2] overflows")]
    [InlineData(new long[] { 2, 2 }, "shape [2,2] of FP32 needs 4 elements, got 2 (8 bytes)")]
    [InlineData(new long[] { 0, 2 }, "shape [0,2] of FP32 needs 0 elements, got 2 (8 bytes)")]
    public void A_shape_that_does_not_fit_is_refused(long[] shape, string expected) =>
        Assert.Contains(expected, Refusal(Pair, X0 with { Shape = shape }, X1), StringComparison.Ordinal);

    [Fact]
    public void Content_that_does_not_fit_is_refused()
    {
        Assert.Equal("input 'x0' of m/1 has datatype FP32, got FP64", Refusal(Pair, X0 with { Datatype = TensorDatatype.FP64 }, X1));
        Assert.Equal("input 'x0': shape [1,2] of FP32 needs 2 elements, got 7 bytes", Refusal(Pair, X0 with { Data = new byte[7] }, X1));
        var boolean = Model((TensorDatatype.BOOL, [2]));
        Assert.Equal("input 'x0': element 1 is 2; a BOOL is a byte of value 0 or 1", Refusal(boolean, Input("x0", TensorDatatype.BOOL, [2], [1, 2])));
    }

    [Fact]
    public void The_length_prefixes_of_BYTES_are_walked()
    {
        var text = Model((TensorDatatype.BYTES, [-1]));
        byte[] two = [1, 0, 0, 0, 65, 0, 0, 0, 0];
        Assert.Equal(two, RequestValidation.Validate(text, Request(Input("x0", TensorDatatype.BYTES, [2], two)), Default).Inputs[0].Data.ToArray());
        Assert.Contains("needs 3 elements, got 2", Refusal(text, Input("x0", TensorDatatype.BYTES, [3], two)), StringComparison.Ordinal);
        Assert.Contains("element 1 of its BYTES does not fit into the 3 bytes left at byte 5", Refusal(text, Input("x0", TensorDatatype.BYTES, [2], two[..^1])), StringComparison.Ordinal);
        Assert.Contains("element 0 of its BYTES does not fit", Refusal(text, Input("x0", TensorDatatype.BYTES, [1], [255, 255, 255, 255, 1])), StringComparison.Ordinal);
    }

    [Fact]
    public void Timeout_and_priority_are_taken_over()
    {
        var call = RequestValidation.Validate(Pair, With(("timeout", Parameter.Of(1500)), ("priority", Parameter.Of(7UL)), ("custom", Parameter.Of("x"))), Default);
        Assert.Equal((TimeSpan.FromMicroseconds(1500), 7u), (call.Budget, call.Priority));
        // As in Triton, a level that there is not is the default one.
        Assert.Equal(0u, RequestValidation.Validate(Pair, With(("priority", Parameter.Of(17))), Default).Priority);
        Assert.Equal(16u, RequestValidation.Validate(Pair, With(("priority", Parameter.Of(16))), Default).Priority);
        Assert.Equal(Default, RequestValidation.Validate(Pair, With(("timeout", Parameter.Of(0))), Default).Budget);
        Assert.True(RequestValidation.Validate(Pair, With(("timeout", Parameter.Of(long.MaxValue))), Default).Budget > TimeSpan.FromDays(20));
    }

    [Fact]
    public void A_place_and_a_radius_are_taken_over()
    {
        var call = RequestValidation.Validate(
            Pair, With(("mesh_location", Parameter.Of("-33.87, 151.21")), ("mesh_max_distance_km", Parameter.Of(20UL)), ("mesh_region", Parameter.Of("r"))), Default);
        Assert.Equal((new GeoPoint(-33.87, 151.21), 20), (call.Origin, call.MaxDistanceKm));
        call = RequestValidation.Validate(Pair, Request(X0, X1), Default, new RegionName("r"));
        Assert.Equal((null, double.PositiveInfinity), (call.Origin, call.MaxDistanceKm));
        Assert.Equal(
            "parameter 'mesh_region' asks for region 'q', but this is a seed of region 'r' and serves no other: ask one of that region",
            Refused(() => RequestValidation.Validate(Pair, With(("mesh_region", Parameter.Of("q"))), Default, new RegionName("r"))));
    }

    [Theory]
    [InlineData("timeout", -1L, "parameter 'timeout' must be a whole number of microseconds")]
    [InlineData("timeout", 1.5, "parameter 'timeout' must be a whole number of microseconds")]
    [InlineData("timeout", "1000", "parameter 'timeout' must be a whole number of microseconds")]
    [InlineData("priority", -1L, "parameter 'priority' must be a whole number from 0")]
    [InlineData("priority", 4294967296L, "parameter 'priority' must be a whole number from 0")]
    [InlineData("sequence_id", 1L, "parameter 'sequence_id' is not supported")]
    [InlineData("sequence_start", true, "parameter 'sequence_start' is not supported")]
    [InlineData("headers", "x", "parameter 'headers' is reserved")]
    [InlineData("triton_something", true, "parameter 'triton_something' is not known")]
    [InlineData("mesh_location", "50.11", "parameter 'mesh_location' must be a string \"LATITUDE,LONGITUDE\" in degrees")]
    [InlineData("mesh_location", "91,0", "parameter 'mesh_location' must be a string")]
    [InlineData("mesh_location", 50.11, "parameter 'mesh_location' must be a string")]
    [InlineData("mesh_max_distance_km", 0L, "parameter 'mesh_max_distance_km' must be a number of kilometres above 0")]
    [InlineData("mesh_max_distance_km", -0.5, "parameter 'mesh_max_distance_km' must be a number")]
    [InlineData("mesh_max_distance_km", double.PositiveInfinity, "parameter 'mesh_max_distance_km' must be a number")]
    [InlineData("mesh_max_distance_km", "10", "parameter 'mesh_max_distance_km' must be a number")]
    [InlineData("mesh_region", 1L, "parameter 'mesh_region' must be a string")]
    [InlineData("mesh_maxdistance", 1L, "parameter 'mesh_maxdistance' is not known: of the names starting with 'mesh_' a request may have")]
    [InlineData("binary_data_output", 1L, "parameter 'binary_data_output' must be true or false")]
    public void Parameters_that_cannot_be_are_refused(string name, object value, string expected)
    {
        var parameter = value switch
        {
            long integer => Parameter.Of(integer),
            double number => Parameter.Of(number),
            bool boolean => Parameter.Of(boolean),
            _ => Parameter.Of((string)value),
        };
        Assert.StartsWith(expected, Refused(() => RequestValidation.Validate(Pair, With((name, parameter)), Default)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_above_the_configured_one_is_refused()
    {
        var limited = Model((TensorDatatype.INT8, [-1])) with { Config = new ModelConfig(null, null, null, 4, [], [], null, []) };
        Assert.Equal(4, RequestValidation.Validate(limited, Request(Input("x0", TensorDatatype.INT8, [4], new byte[4])), Default).Inputs[0].Data.Length);
        Assert.Contains("the batch of 5 is above the model's max_batch_size of 4", Refusal(limited, Input("x0", TensorDatatype.INT8, [5], new byte[5])), StringComparison.Ordinal);
    }

    [Property]
    public Property The_product_of_a_shape_is_right_or_overflows() => Prop.ForAll(
        Gen.OneOf(Gen.Choose(0, 5).Select(i => (long)i), Gen.Choose(1, int.MaxValue).Select(i => (long)i << 20)).ArrayOf().ToArbitrary(),
        shape =>
        {
            var nonZero = shape.Aggregate(System.Numerics.BigInteger.One, (product, dimension) => product * Math.Max(dimension, 1));
            var fits = TensorContent.TryCount(shape, out var count);
            return fits == (nonZero <= long.MaxValue) && (!fits || count == (shape.Contains(0) ? 0 : nonZero));
        });

    [Theory]
    [InlineData(TensorDatatype.FP32, new long[] { 2 }, 8, null)]
    [InlineData(TensorDatatype.FP32, new long[] { 2 }, 7, "output 'y0': shape [2] of FP32 needs 2 elements, got 7 bytes")]
    [InlineData(TensorDatatype.FP32, new long[] { 2, 1 }, 8, "output 'y0': shape [2,1] does not have the rank of [-1]")]
    [InlineData(TensorDatatype.FP32, new long[] { -2 }, 8, "output 'y0': shape [-2] is not possible")]
    [InlineData(TensorDatatype.BYTES, new long[] { 1 }, 3, "output 'y0': element 0 of its BYTES does not fit into the 3 bytes left at byte 0 (4-byte length, then that many bytes)")]
    public void An_answer_is_held_against_the_model(TensorDatatype datatype, long[] shape, int bytes, string? expected)
    {
        var model = Model((datatype, [-1]));
        Assert.Equal(expected, AnswerCheck.Problem(AnswerCheck.Wanted(model, []), [new(shape, new byte[bytes])]));
    }

    [Fact]
    public void An_answer_with_too_few_outputs_is_not_handed_on() =>
        Assert.Equal("0 outputs instead of 1", AnswerCheck.Problem(AnswerCheck.Wanted(Pair, [1]), []));

    private static string Refusal(ServedModel model, params RequestInput[] inputs) =>
        Refused(() => RequestValidation.Validate(model, Request(inputs), Default));

    private static string OutputRefusal(params string[] names) => Refused(() => RequestValidation.Validate(
        Pair, Request(X0, X1) with { Outputs = [.. names.Select(name => new RequestedOutput(name, Parameter.None))] }, Default));

    private static InferRequest With(params (string Name, Parameter Value)[] parameters) =>
        Request(X0, X1) with { Parameters = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value) };
}
