using System.Text.Json;
using System.Text.RegularExpressions;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>A Dockerfile of docker/, instruction by instruction.</summary>
internal sealed partial class Dockerfile
{
    private Dockerfile(string name, IReadOnlyList<(string Instruction, string Argument)> lines)
    {
        Name = name;
        Lines = lines;
    }

    public string Name { get; }

    /// <summary>Without comments, continued lines joined.</summary>
    public IReadOnlyList<(string Instruction, string Argument)> Lines { get; }

    /// <summary>Of the last stage: what the image is.</summary>
    public IReadOnlyList<(string Instruction, string Argument)> Image => [.. Lines.Skip(Lines.Index().Last(line => line.Item.Instruction == "FROM").Index)];

    /// <summary>Paths that are copied from the checkout, in order.</summary>
    public IReadOnlyList<string> Sources =>
        [.. Of("COPY").Where(rest => !rest.StartsWith("--from", StringComparison.Ordinal)).SelectMany(rest => rest.Split(' ')[..^1])];

    public IReadOnlyDictionary<string, string> Environment => Image.Where(line => line.Instruction == "ENV")
        .SelectMany(line => Variable().Matches(line.Argument))
        .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    /// <summary>The project that it publishes, e.g. <c>src/Mesh.Seed/Mesh.Seed.csproj</c>.</summary>
    public string Project => Of("RUN").Select(rest => Published().Match(rest)).Single(match => match.Success).Groups[1].Value;

    public IReadOnlyList<string> EntryPoint => JsonSerializer.Deserialize<string[]>(Image.Single(line => line.Instruction == "ENTRYPOINT").Argument)!;

    public static Dockerfile Read(string name)
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docker", $"{name}.Dockerfile"));
        var joined = string.Join('\n', text.Split('\n').Where(line => !line.StartsWith('#'))).Replace("\\\n", "", StringComparison.Ordinal);
        return new Dockerfile(name, [.. joined.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            var parts = Space().Split(line, 2);
            return (parts[0], Space().Replace(parts[1], " ").Trim());
        })]);
    }

    public IEnumerable<string> Of(string instruction) => Lines.Where(line => line.Instruction == instruction).Select(line => line.Argument);

    [GeneratedRegex("([A-Za-z_]+)=([^ ]*)")]
    private static partial Regex Variable();

    [GeneratedRegex("dotnet publish ([^ ]+)")]
    private static partial Regex Published();

    [GeneratedRegex(" +")]
    private static partial Regex Space();
}
