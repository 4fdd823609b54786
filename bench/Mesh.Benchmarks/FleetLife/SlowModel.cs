using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Mesh.Benchmarks.FleetLife;

/// <summary>
/// <c>loop</c>: doubles its vector <c>x</c> (FP32) <c>trips</c> (scalar INT64) times, so that a request says how long it runs.
/// From bench/data/loop.onnx.
/// </summary>
internal static class SlowModel
{
    public const string Name = "loop";

    /// <summary>What a slow request takes on a processor of its own: far longer than a departure needs to be noticed on the car.</summary>
    public static readonly TimeSpan Run = TimeSpan.FromMilliseconds(250);

    /// <summary>The output after any number of trips above some hundred.</summary>
    public static readonly float[] Expected = [0, float.PositiveInfinity, float.NegativeInfinity];

    public static readonly float[] Input = [0, 1, -1];

    private const long Sample = 50_000;

    public static string Artifact => Path.Combine(AppContext.BaseDirectory, "data", "loop.onnx");

    /// <summary>Trips that take <see cref="Run"/> here: the fastest of some samples counts, for others use this machine, too.</summary>
    public static long Calibrate()
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using var session = new InferenceSession(Artifact, options);
        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var x = OrtValue.CreateTensorValueFromMemory((float[])Input.Clone(), [Input.Length]);
            using var trips = OrtValue.CreateTensorValueFromMemory(new[] { Sample }, []);
            using var run = new RunOptions();
            using var outputs = session.Run(run, ["x", "trips"], [x, trips], ["y"]);
            var took = Stopwatch.GetElapsedTime(start);
            fastest = took < fastest ? took : fastest;
        }

        return (long)(Sample * (Run / fastest));
    }
}
