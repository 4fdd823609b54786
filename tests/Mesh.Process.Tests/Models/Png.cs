using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Mesh.Process.Tests.Models;

/// <summary>A picture of 8-bit RGB values, row by row.</summary>
internal sealed record Picture(int Width, int Height, byte[] Rgb)
{
    /// <summary>Mean colour of the picture's part that each new pixel covers, 0 to 255.</summary>
    public float[] Resize(int width, int height)
    {
        var resized = new float[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            var (top, bottom) = (y * Height / height, Math.Max((y * Height / height) + 1, (y + 1) * Height / height));
            for (var x = 0; x < width; x++)
            {
                var (left, right) = (x * Width / width, Math.Max((x * Width / width) + 1, (x + 1) * Width / width));
                for (var colour = 0; colour < 3; colour++)
                {
                    var sum = 0f;
                    for (var row = top; row < bottom; row++)
                    {
                        for (var column = left; column < right; column++)
                            sum += Rgb[(((row * Width) + column) * 3) + colour];
                    }

                    resized[(((y * width) + x) * 3) + colour] = sum / ((bottom - top) * (right - left));
                }
            }
        }

        return resized;
    }
}

/// <summary>
/// Decodes the two kinds of PNG that the test pictures are: 8-bit RGB and RGBA without interlacing. Enough for them, and
/// spares the tests a native image library.
/// </summary>
internal static class Png
{
    private const int Rgb = 2;
    private const int Rgba = 6;

    public static Picture Read(string path)
    {
        var file = File.ReadAllBytes(path).AsSpan();
        if (!file.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]))
            throw new InvalidDataException($"{path} is no PNG.");
        var (width, height, channels) = (0, 0, 0);
        using var packed = new MemoryStream();
        for (var rest = file[8..]; rest.Length > 0;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            var data = rest.Slice(8, length);
            switch (Encoding.ASCII.GetString(rest.Slice(4, 4)))
            {
                case "IHDR":
                    (width, height) = (BinaryPrimitives.ReadInt32BigEndian(data), BinaryPrimitives.ReadInt32BigEndian(data[4..]));
                    channels = (data[8], data[9], data[12]) switch
                    {
                        (8, Rgb, 0) => 3,
                        (8, Rgba, 0) => 4,
                        _ => throw new InvalidDataException($"{path} is of a kind that this reader does not know."),
                    };
                    break;
                case "IDAT":
                    packed.Write(data);
                    break;
            }

            rest = rest[(12 + length)..];
        }

        packed.Position = 0;
        return new Picture(width, height, ToRgb(Unfilter(packed, width, height, channels), channels));
    }

    /// <summary>Each row starts with the number of the filter that it was written with (PNG specification, chapter 9).</summary>
    private static byte[] Unfilter(Stream packed, int width, int height, int channels)
    {
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var stride = width * channels;
        var pixels = new byte[stride * height];
        for (var y = 0; y < height; y++)
        {
            var filter = unpacked.ReadByte();
            var row = pixels.AsSpan(y * stride, stride);
            unpacked.ReadExactly(row);
            var above = y > 0 ? pixels.AsSpan((y - 1) * stride, stride) : new byte[stride];
            for (var i = 0; i < stride; i++)
            {
                int left = i < channels ? 0 : row[i - channels], up = above[i], upLeft = i < channels ? 0 : above[i - channels];
                row[i] += (byte)(filter switch
                {
                    0 => 0,
                    1 => left,
                    2 => up,
                    3 => (left + up) / 2,
                    4 => Paeth(left, up, upLeft),
                    _ => throw new InvalidDataException($"There is no PNG filter {filter}."),
                });
            }
        }

        return pixels;
    }

    private static int Paeth(int left, int up, int upLeft)
    {
        var estimate = left + up - upLeft;
        var (toLeft, toUp, toUpLeft) = (Math.Abs(estimate - left), Math.Abs(estimate - up), Math.Abs(estimate - upLeft));
        return toLeft <= toUp && toLeft <= toUpLeft ? left : toUp <= toUpLeft ? up : upLeft;
    }

    /// <summary>What is transparent lies on white.</summary>
    private static byte[] ToRgb(byte[] pixels, int channels)
    {
        if (channels == 3)
            return pixels;
        var rgb = new byte[pixels.Length / 4 * 3];
        for (var i = 0; i < rgb.Length; i++)
        {
            var pixel = i / 3 * 4;
            var alpha = pixels[pixel + 3];
            rgb[i] = (byte)(((pixels[pixel + (i % 3)] * alpha) + (255 * (255 - alpha))) / 255);
        }

        return rgb;
    }
}
