using Mesh.Demo;

namespace Mesh.Process.Tests.Harness;

public sealed class FashionPicturesTests
{
    [Fact]
    public void The_pictures_are_read_with_their_labels()
    {
        var pictures = FashionPictures.Load();
        Assert.Equal(500, pictures.Count);
        Assert.Equal(10, Enumerable.Range(0, pictures.Count).Select(pictures.Label).Distinct().Count());
        Assert.Equal("Ankle boot", FashionPictures.Classes[pictures.Label(0)]);
        Assert.All(pictures.Images(0, 500).ToArray(), value => Assert.InRange(value, 0f, 1f));
        Assert.Equal(1f, pictures.Image(0).ToArray().Max());
        Assert.Equal(pictures.Image(7).ToArray(), pictures.Images(5, 5).ToArray().AsSpan(2 * FashionPictures.Pixels, FashionPictures.Pixels));
    }

    [Fact]
    public void The_direct_run_knows_at_least_88_of_100()
    {
        var pictures = FashionPictures.Load();
        using var run = new DirectRun();
        var answers = run.ClassifyEach(pictures);
        Assert.InRange(answers.Where((answer, picture) => DirectRun.ClassOf(answer) == pictures.Label(picture)).Count(), 440, 500);
        Assert.All(answers, answer => Assert.Equal(1f, answer.Sum(), 1e-4f));
    }

    [Fact]
    public void A_batch_answers_as_single_pictures_do()
    {
        var pictures = FashionPictures.Load();
        using var run = new DirectRun();
        var single = Enumerable.Range(10, 4).SelectMany(picture => run.Classify(pictures.Image(picture))).ToArray();
        var batch = run.Classify(pictures.Images(10, 4));
        Assert.Equal(single.Length, batch.Length);
        Assert.All(Enumerable.Range(0, batch.Length), i => Assert.Equal(single[i], batch[i], 1e-5f));
    }

    [Fact]
    public void Broken_files_are_refused_with_the_reason()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28, .. new byte[784]];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 1, 9];
        Assert.Equal(9, FashionPictures.Parse(images, labels).Label(0));

        AssertRefused("labels are not an IDX file", images, images);
        AssertRefused("images hold 783 values", images[..^1], labels);
        AssertRefused("images are not an IDX file", [], labels);
        AssertRefused("1 pictures but 2 labels", images, [0, 0, 8, 1, 0, 0, 0, 2, 9, 9]);
        AssertRefused("not 28×28", [.. images[..11], 14, 0, 0, 0, 56, .. images[16..]], labels);
    }

    private static void AssertRefused(string reason, byte[] images, byte[] labels) => Assert.Contains(
        reason, Assert.Throws<InvalidDataException>(() => FashionPictures.Parse(images, labels)).Message, StringComparison.Ordinal);
}
