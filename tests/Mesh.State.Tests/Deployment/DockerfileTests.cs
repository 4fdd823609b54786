using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>No container engine builds the images here: what can be known without one is that they hold together with the code.</summary>
public sealed partial class DockerfileTests
{
    public static TheoryData<string> Names => ["seed", "vehicle", "pbm"];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_copied_is_there_and_not_ignored(string name)
    {
        var allowed = File.ReadAllLines(Path.Combine(Checkout.Root, ".dockerignore"))
            .Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        Assert.All(Dockerfile.Read(name).Sources, source =>
        {
            Assert.True(Path.Exists(Path.Combine(Checkout.Root, source)), $"{name}.Dockerfile copies {source}, which is not there");
            Assert.Contains(allowed, rule => rule == source || rule.StartsWith(source + "/", StringComparison.Ordinal)
                || (rule.EndsWith("/**", StringComparison.Ordinal) && source.StartsWith(rule[..^2], StringComparison.Ordinal)));
        });
    }

    /// <summary>A project that is forgotten breaks the build; one too many restores more often than it must.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void It_copies_the_projects_that_its_own_refers_to_and_no_others(string name)
    {
        var file = Dockerfile.Read(name);
        var needed = Closure(file.Project).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(needed, file.Sources.Where(source => source.EndsWith(".csproj", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(
            needed.Select(project => Path.GetDirectoryName(project)),
            file.Sources.Where(source => source.StartsWith("src/", StringComparison.Ordinal) && !source.EndsWith(".csproj", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_copies_what_its_projects_take_from_elsewhere(string name)
    {
        var file = Dockerfile.Read(name);
        var outside = Closure(file.Project).SelectMany(project => Load(project).Descendants()
            .Attributes("Include").Select(include => include.Value).Where(include => include.StartsWith("../../", StringComparison.Ordinal)
                && !include.EndsWith(".csproj", StringComparison.Ordinal))).Select(path => path["../../".Length..]);
        Assert.All(outside, path => Assert.Contains(file.Sources, source => path.StartsWith(source + "/", StringComparison.Ordinal)));
    }

    /// <summary>The packages' layer is made anew only when a list of packages changes.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void It_restores_before_it_copies_code(string name)
    {
        var lines = Dockerfile.Read(name).Lines;
        var restore = lines.Index().Single(line => line.Item.Argument.StartsWith("dotnet restore", StringComparison.Ordinal)).Index;
        Assert.All(lines.Take(restore).Where(line => line.Instruction == "COPY"), line => Assert.Matches(@"(\.csproj|\.props|\.json) ", line.Argument));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_runs_as_nobody_special_from_pinned_bases(string name)
    {
        var file = Dockerfile.Read(name);
        Assert.All(file.Of("FROM"), from => Assert.Matches(@"^[a-z./]+:\d+\.\d+-[a-z-]+( AS build)?$", from));
        var framework = XDocument.Load(Path.Combine(Checkout.Root, "Directory.Build.props")).Descendants("TargetFramework").Single().Value;
        Assert.All(file.Of("FROM"), from => Assert.Contains($":{framework["net".Length..]}-", from, StringComparison.Ordinal));
        Assert.Equal("1654:1654", file.Image.Single(line => line.Instruction == "USER").Argument);
        Assert.DoesNotContain(file.Image, line => line.Instruction == "RUN");
        Assert.Equal(["dotnet", $"/app/{AssemblyOf(file.Project)}.dll"], file.EntryPoint);
    }

    [Fact]
    public void Their_variables_are_settings_of_the_programs()
    {
        foreach (var (name, known) in new[] { ("seed", SeedSettings.Known), ("vehicle", VehicleSettings.Known) })
        {
            var variables = Dockerfile.Read(name).Environment.Keys.Where(key => key.StartsWith("MESH_", StringComparison.Ordinal));
            Assert.Subset(known.Select(setting => setting.EnvironmentName).ToHashSet(), variables.ToHashSet());
        }
    }

    [Fact]
    public void A_seed_exposes_its_default_ports_but_for_the_operators()
    {
        var defaults = new SeedSettings();
        var file = Dockerfile.Read("seed");
        Assert.Equal(
            [defaults.Port, defaults.HttpPort, defaults.GrpcPort, defaults.MetricsPort, defaults.WorkPort],
            file.Image.Single(line => line.Instruction == "EXPOSE").Argument.Split(' ').Select(port => int.Parse(port, CultureInfo.InvariantCulture)));
    }

    /// <summary>An engine may replace what is unhealthy, and a seed that lost its database, or a vehicle that may not work, is not helped by that.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void It_leaves_health_to_who_runs_it(string name) => Assert.DoesNotContain(Dockerfile.Read(name).Image, line => line.Instruction == "HEALTHCHECK");

    private static SortedSet<string> Closure(string project)
    {
        var all = new SortedSet<string>(StringComparer.Ordinal) { project };
        foreach (var reference in Load(project).Descendants("ProjectReference").Select(element => element.Attribute("Include")!.Value))
            all.UnionWith(Closure(Path.GetRelativePath(Checkout.Root, Path.Combine(Checkout.Root, Path.GetDirectoryName(project)!, reference))));
        return all;
    }

    private static string AssemblyOf(string project) =>
        Load(project).Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project);

    private static XDocument Load(string project) => XDocument.Load(Path.Combine(Checkout.Root, project));
}
