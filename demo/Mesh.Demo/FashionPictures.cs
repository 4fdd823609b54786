using System.Buffers.Binary;

namespace Mesh.Demo;

/// <summary>
/// The first 500 labelled test pictures of Fashion-MNIST (28×28 grey values; source and licence: models/), read from the
/// IDX files that the build places in <c>data/</c> beside the program.
/// </summary>
public sealed class FashionPictures
{
    public const int Height = 28;
    public const int Width = 28;
    public const int Pixels = Height * Width;

    private const int ImagesMagic = 0x0803; // unsigned bytes, three dimensions
    private const int LabelsMagic = 0x0801; // unsigned bytes, one dimension

    private readonly float[] _images;
    private readonly byte[] _labels;

    private FashionPictures(float[] images, byte[] labels)
    {
        _images = images;
        _labels = labels;
    }

    /// <summary>The classes in the order of the model's outputs.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    public int Count => _labels.Length;

    /// <summary>The pictures that come with the program.</summary>
    public static FashionPictures Load()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "data");
        return Parse(
            File.ReadAllBytes(Path.Combine(folder, "fashion_t10k_first500-images-idx3-ubyte")),
            File.ReadAllBytes(Path.Combine(folder, "fashion_t10k_first500-labels-idx1-ubyte")));
    }

    /// <summary>Reads a pair of IDX files: big-endian magic number and sizes, then one byte per value.</summary>
    /// <exception cref="InvalidDataException">Not such files, cut short, or of different lengths; the message says which.</exception>
    public static FashionPictures Parse(ReadOnlySpan<byte> images, ReadOnlySpan<byte> labels)
    {
        var pixels = ReadIdx(images, ImagesMagic, "images", out var imageSizes);
        var classes = ReadIdx(labels, LabelsMagic, "labels", out var labelSizes);
        if (imageSizes is not [_, Height, Width])
            throw new InvalidDataException($"The pictures are {string.Join('×', imageSizes)}, not {Height}×{Width}.");
        if (imageSizes[0] != labelSizes[0])
            throw new InvalidDataException($"{imageSizes[0]} pictures but {labelSizes[0]} labels.");

        // As the model was trained: 0 to 1.
        var scaled = new float[pixels.Length];
        for (var i = 0; i < pixels.Length; i++)
            scaled[i] = pixels[i] / 255f;
        return new FashionPictures(scaled, classes.ToArray());
    }

    /// <summary>One picture as the model takes it: 784 values of 0 to 1, row by row.</summary>
    public ReadOnlyMemory<float> Image(int picture) => _images.AsMemory(picture * Pixels, Pixels);

    /// <summary>Several neighbouring pictures as one batch, [count,1,28,28].</summary>
    public ReadOnlyMemory<float> Images(int first, int count) => _images.AsMemory(first * Pixels, count * Pixels);

    /// <summary>Index into <see cref="Classes"/>.</summary>
    public int Label(int picture) => _labels[picture];

    private static ReadOnlySpan<byte> ReadIdx(ReadOnlySpan<byte> file, int magic, string what, out int[] sizes)
    {
        var dimensions = magic & 0xFF;
        var header = 4 * (1 + dimensions);
        if (file.Length < header || BinaryPrimitives.ReadInt32BigEndian(file) != magic)
            throw new InvalidDataException($"The {what} are not an IDX file with magic number 0x{magic:X4}.");
        sizes = new int[dimensions];
        for (var i = 0; i < dimensions; i++)
            sizes[i] = BinaryPrimitives.ReadInt32BigEndian(file[(4 * (i + 1))..]);

        var expected = sizes.Aggregate(1L, (product, size) => product * size);
        if (file.Length - header != expected)
            throw new InvalidDataException($"The {what} hold {file.Length - header} values, but their header says {expected}.");
        return file[header..];
    }
}
