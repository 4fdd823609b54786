using Google.Protobuf;

namespace Mesh.Seed.Models;

/// <summary>
/// ONNX Runtime reports a tensor without a declared shape as one of rank 0. This looks into the file itself (ModelProto
/// of onnx.proto) to tell a scalar from a tensor of unknown rank, which OIP's metadata cannot express.
/// </summary>
internal static class OnnxRanks
{
    private const int ModelGraph = 7;
    private const int GraphInput = 11;
    private const int GraphOutput = 12;
    private const int ValueName = 1;
    private const int ValueType = 2;
    private const int TypeTensor = 1;
    private const int TensorShape = 2;

    /// <exception cref="ModelUnavailableException">An input or output has no shape.</exception>
    public static void Check(byte[] model, IReadOnlyList<TensorSpec> inputs, IReadOnlyList<TensorSpec> outputs)
    {
        if (inputs.Concat(outputs).All(spec => spec.Shape.Count > 0))
            return;
        var unknown = new HashSet<(int Role, string Name)>();
        foreach (var graph in Fields(new CodedInputStream(model), ModelGraph))
        {
            foreach (var role in (int[])[GraphInput, GraphOutput])
            {
                foreach (var value in Fields(graph.CreateCodedInput(), role).Where(HasNoShape))
                    unknown.Add((role, Fields(value.CreateCodedInput(), ValueName).LastOrDefault(ByteString.Empty).ToStringUtf8()));
            }
        }

        Refuse("input", GraphInput, inputs, unknown);
        Refuse("output", GraphOutput, outputs, unknown);
    }

    private static void Refuse(string role, int field, IReadOnlyList<TensorSpec> specs, HashSet<(int Role, string Name)> unknown)
    {
        if (specs.FirstOrDefault(spec => spec.Shape.Count == 0 && unknown.Contains((field, spec.Name))) is { } spec)
            throw new ModelUnavailableException($"{role} '{spec.Name}' declares no shape, so its rank is unknown: export the model with shapes.");
    }

    private static bool HasNoShape(ByteString valueInfo) => !Fields(valueInfo.CreateCodedInput(), ValueType)
        .SelectMany(type => Fields(type.CreateCodedInput(), TypeTensor))
        .SelectMany(tensor => Fields(tensor.CreateCodedInput(), TensorShape))
        .Any();

    private static List<ByteString> Fields(CodedInputStream input, int number)
    {
        var found = new List<ByteString>();
        try
        {
            for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            {
                if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                    found.Add(input.ReadBytes());
                else
                    input.SkipLastField();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // ONNX Runtime accepted the file (its own ORT format is no protobuf): nothing more is known here.
        }

        return found;
    }
}
