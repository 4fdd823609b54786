using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Models;

/// <summary>Face detection in real pictures, from the PNG to the face.</summary>
[Collection(OnRunningMesh.Name)]
public sealed class BlazeFaceTests(RunningMesh mesh)
{
    private const int Side = 128;
    private const float Threshold = 0.75f;

    [Fact]
    public async Task The_astronauts_face_is_found_where_it_is()
    {
        var picture = Png.Read(Path.Combine(Checkout.Data, "astronaut.png"));
        var (score, x, y) = await BestFaceAsync(picture);
        Assert.InRange(score, Threshold, 1);
        Assert.InRange(x * picture.Width, 225 - 10, 225 + 10);
        Assert.InRange(y * picture.Height, 129 - 10, 129 + 10);
    }

    [Fact]
    public async Task A_horse_has_no_face_for_this_model()
    {
        var (score, _, _) = await BestFaceAsync(Png.Read(Path.Combine(Checkout.Data, "horse.png")));
        Assert.InRange(score, 0, Threshold);
    }

    /// <summary>The best score, and the centre of its box as shares of width and height.</summary>
    private async Task<(float Score, float X, float Y)> BestFaceAsync(Picture picture)
    {
        // 196 kB: as binary data, which is what clients send pictures by.
        var pixels = Requests.Raw<float>([.. picture.Resize(Side, Side).Select(value => (value / 127.5f) - 1)]);
        var input = Requests.Input("input:0", "FP32", [1, Side, Side, 3], null, pixels.Length);
        var answer = (await mesh.Rest.PostBinaryAsync("/v2/models/blazeface/infer", Requests.Inputs(input), pixels)).Ok();
        // Two grids of anchors: 16×16 cells of two anchors, and 8×8 cells of six.
        return new[] { ("Identity:0", "Identity_2:0", 16, 2), ("Identity_1:0", "Identity_3:0", 8, 6) }
            .Select(grid => BestOf(answer.Floats(grid.Item1), answer.Floats(grid.Item2), grid.Item3, grid.Item4))
            .MaxBy(best => best.Score);
    }

    private static (float Score, float X, float Y) BestOf(float[] scores, float[] boxes, int cells, int anchors)
    {
        Assert.Equal(cells * cells * anchors, scores.Length);
        Assert.Equal(16 * scores.Length, boxes.Length);
        var best = Array.IndexOf(scores, scores.Max());
        var cell = best / anchors;
        // A box tells its centre as an offset from its cell's, in pixels of the model's input.
        return (
            1 / (1 + MathF.Exp(-scores[best])),
            ((cell % cells) + 0.5f) / cells + (boxes[16 * best] / Side),
            ((cell / cells) + 0.5f) / cells + (boxes[(16 * best) + 1] / Side));
    }
}
