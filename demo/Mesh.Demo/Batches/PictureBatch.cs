using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mesh.Demo.Batches;

/// <summary>A batch of many pictures, one a line; line i holds picture i modulo those that come with the program.</summary>
public sealed class PictureBatch(FashionPictures pictures, int lines)
{
    public const string Endpoint = "/v2/models/" + DirectRun.Model + "/infer";

    private const double Tolerance = 1e-5;

    public int Lines => lines;

    /// <summary>JSON lines of the Batches API.</summary>
    public byte[] ToJsonLines()
    {
        // A picture's request is the same wherever it stands.
        var bodies = Enumerable.Range(0, Math.Min(lines, pictures.Count)).Select(picture => JsonSerializer.SerializeToUtf8Bytes(new
        {
            inputs = new[]
            {
                new
                {
                    name = DirectRun.InputName,
                    shape = new[] { 1, 1, FashionPictures.Height, FashionPictures.Width },
                    datatype = "FP32",
                    data = pictures.Image(picture).ToArray(),
                },
            },
        })).ToList();
        using var file = new MemoryStream();
        for (var line = 0; line < lines; line++)
        {
            file.Write(Encoding.UTF8.GetBytes(
                $"{{\"custom_id\":\"{NameOf(line)}\",\"method\":\"POST\",\"url\":\"{Endpoint}\",\"body\":"));
            file.Write(bodies[line % pictures.Count]);
            file.Write("}\n"u8);
        }

        return file.ToArray();
    }

    /// <summary>What is wrong with an output file; empty when each line has its one answer, and that of a direct run.</summary>
    public IReadOnlyList<string> Problems(byte[] output)
    {
        using var direct = new DirectRun();
        var expected = direct.ClassifyEach(pictures);
        var seen = new bool[lines];
        var problems = new List<string>();
        foreach (var text in output.AsSpan().Split((byte)'\n'))
        {
            if (output.AsSpan(text).IsEmpty)
                continue;
            using var json = JsonDocument.Parse(output.AsMemory(text));
            var name = json.RootElement.GetProperty("custom_id").GetString()!;
            var line = int.Parse(name["picture-".Length..], CultureInfo.InvariantCulture);
            if (seen[line])
                problems.Add($"{name} is answered twice");
            seen[line] = true;
            var answer = json.RootElement.GetProperty("response").GetProperty("body").GetProperty("outputs")[0].GetProperty("data")
                .EnumerateArray().Select(value => value.GetSingle()).ToArray();
            if (!Agrees(answer, expected[line % pictures.Count]))
                problems.Add($"{name} has another answer than the direct run");
        }

        problems.AddRange(Enumerable.Range(0, lines).Where(line => !seen[line]).Select(line => $"{NameOf(line)} has no answer"));
        return problems;
    }

    private static string NameOf(int line) => string.Create(CultureInfo.InvariantCulture, $"picture-{line}");

    private static bool Agrees(float[] answer, float[] expected) =>
        answer.Length == expected.Length
        && DirectRun.ClassOf(answer) == DirectRun.ClassOf(expected)
        && answer.Zip(expected, (one, other) => Math.Abs(one - other)).All(distance => distance <= Tolerance);
}
