using Mesh.Demo;

namespace Mesh.Process.Tests.Meshes;

/// <summary>The labelled pictures and what ONNX Runtime answers on them without a mesh, read once.</summary>
internal static class Pictures
{
    private static readonly Lazy<IReadOnlyList<float[]>> Answers = new(RunDirectly);

    public static FashionPictures Data { get; } = FashionPictures.Load();

    /// <summary>Ten probabilities for each picture.</summary>
    public static IReadOnlyList<float[]> Direct => Answers.Value;

    /// <summary>Fails unless every value is within 1e-5 of the direct run's.</summary>
    public static void AssertAgrees(int picture, ReadOnlySpan<float> probabilities)
    {
        Assert.Equal(Direct[picture].Length, probabilities.Length);
        for (var i = 0; i < probabilities.Length; i++)
            Assert.InRange(probabilities[i], Direct[picture][i] - 1e-5f, Direct[picture][i] + 1e-5f);
    }

    private static IReadOnlyList<float[]> RunDirectly()
    {
        using var direct = new DirectRun();
        return direct.ClassifyEach(Data);
    }
}
