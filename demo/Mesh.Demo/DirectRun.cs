using Microsoft.ML.OnnxRuntime;

namespace Mesh.Demo;

/// <summary>
/// <c>fashion_cnn</c> in ONNX Runtime without any mesh: the answer every request must agree with, and the speed that the
/// mesh is measured against. One session, one thread. Not thread-safe.
/// </summary>
public sealed class DirectRun : IDisposable
{
    public const string Model = "fashion_cnn";
    public const string InputName = "image";
    public const string OutputName = "probabilities";

    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();

    /// <param name="artifact">Path of the <c>.onnx</c> file; by default the one that comes with the program.</param>
    public DirectRun(string? artifact = null)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(artifact ?? Path.Combine(ModelsFolder, Model, "1", "model.onnx"), options);
    }

    /// <summary>The model repository that comes with the program.</summary>
    public static string ModelsFolder => Path.Combine(AppContext.BaseDirectory, "models");

    /// <summary>Ten probabilities for each picture of the batch, one after another.</summary>
    public float[] Classify(ReadOnlyMemory<float> images)
    {
        long[] shape = [images.Length / FashionPictures.Pixels, 1, FashionPictures.Height, FashionPictures.Width];
        using var input = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, System.Runtime.InteropServices.MemoryMarshal.AsMemory(images), shape);
        using var outputs = _session.Run(_runOptions, [InputName], [input], [OutputName]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Every picture in a run of its own, as the demo's requests are.</summary>
    public IReadOnlyList<float[]> ClassifyEach(FashionPictures pictures) =>
        [.. Enumerable.Range(0, pictures.Count).Select(picture => Classify(pictures.Image(picture)))];

    /// <summary>The most probable class.</summary>
    public static int ClassOf(ReadOnlySpan<float> probabilities)
    {
        var best = 0;
        for (var i = 1; i < probabilities.Length; i++)
        {
            if (probabilities[i] > probabilities[best])
                best = i;
        }

        return best;
    }

    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }
}
