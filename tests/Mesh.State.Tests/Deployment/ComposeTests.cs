using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Node.Policy;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>docker/compose.yaml against the code that it starts. That docker-compose takes it: Mesh.Process.Tests, Deployment.</summary>
public sealed partial class ComposeTests(ProgramsFixture programs) : IClassFixture<ProgramsFixture>
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "docker");
    private static readonly YamlTree Compose = YamlTree.Load(Path.Combine(Folder, "compose.yaml"));
    private static readonly IReadOnlyDictionary<string, YamlTree> Services = Compose["services"].Members;

    [Fact]
    public void Three_seeds_and_six_vehicles_start_with_settings_that_are_good()
    {
        var seeds = Built("seed").Select(service => SeedSettings.Read(Config.Empty, EnvironmentOf(service, "seed"), ["--models", Checkout.Models])).ToList();
        Assert.All(seeds, seed => Assert.Empty(seed.Errors));
        Assert.Equal(3, seeds.Count);
        Assert.All(seeds, seed => Assert.Equal(
            seeds.Select(other => $"{other.Settings.Host}:{other.Settings.Port}"), seed.Settings.Seeds.Select(s => $"{s.Host}:{s.Port}")));
        Assert.Single(seeds.Select(seed => seed.Settings.Journal).Distinct());

        var vehicles = Built("vehicle").Select(service => VehicleSettings.Read(Config.Empty, EnvironmentOf(service, "vehicle"), [])).ToList();
        Assert.All(vehicles, vehicle => Assert.Empty(vehicle.Errors));
        Assert.Equal(6, vehicles.Select(vehicle => vehicle.Settings.Vehicle).Distinct().Count());
        Assert.Equal(6, vehicles.Select(vehicle => vehicle.Settings.Location).Distinct().Count());
        Assert.All(vehicles, vehicle =>
        {
            Assert.Equal(seeds[0].Settings.Region, vehicle.Settings.Region);
            Assert.Equal(seeds[0].Settings.Seeds, vehicle.Settings.Seeds);
        });
    }

    /// <summary>Others reach a service by its name.</summary>
    [Fact]
    public void Each_tells_the_name_that_the_network_gives_it() =>
        Assert.All(Built("seed").Concat(Built("vehicle")), service => Assert.Equal(service.Key, service.Value["environment"]["MESH_HOST"].Text));

    [Fact]
    public void No_variable_is_misspelt()
    {
        foreach (var (name, known) in new[] { ("seed", SeedSettings.Known), ("vehicle", VehicleSettings.Known) })
        {
            var names = known.Select(setting => setting.EnvironmentName).ToHashSet();
            Assert.All(Built(name), service => Assert.Subset(names, service.Value["environment"].Members.Keys.ToHashSet()));
        }
    }

    [Fact]
    public void Everything_that_is_mounted_or_built_is_there()
    {
        Assert.All(Services.Values.Where(service => service.Has("build")), service => Assert.True(
            File.Exists(Path.Combine(Folder, service["build"]["context"].Text, service["build"]["dockerfile"].Text)), service["build"]["dockerfile"].Text));
        var mounted = Services.Values.Where(service => service.Has("volumes")).SelectMany(service => service["volumes"].Texts)
            .Select(volume => volume.Split(':')[0]).Distinct().ToList();
        Assert.All(mounted.Where(source => source.StartsWith('.')), source =>
            Assert.True(Path.Exists(Path.Combine(Folder, source)), $"compose.yaml mounts {source}, which is not there"));
        Assert.Equal(
            mounted.Where(source => !source.StartsWith('.')).Order(StringComparer.Ordinal), Compose["volumes"].Members.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_owners_policy_is_a_good_one_and_mounted_where_the_vehicles_look()
    {
        Assert.Empty(OwnerPolicyFile.Problems(Path.Combine(Folder, "owner-policy.conf")));
        Assert.All(Built("vehicle"), service => Assert.Contains(
            $"./owner-policy.conf:{service.Value["environment"]["MESH_POLICY"].Text}:ro", service.Value["volumes"].Texts));
    }

    [Fact]
    public void Data_and_models_are_where_the_images_look()
    {
        foreach (var name in new[] { "seed", "vehicle" })
        {
            var image = Dockerfile.Read(name).Environment;
            Assert.All(Built(name), service => Assert.Contains($"{service.Key}:{image["MESH_DATA"]}", service.Value["volumes"].Texts));
        }

        Assert.All(Built("seed"), service => Assert.Contains($"../models:{Dockerfile.Read("seed").Environment["MESH_MODELS"]}:ro", service.Value["volumes"].Texts));
    }

    [Fact]
    public void Every_container_is_held_to_what_it_needs() => Assert.All(Services, service =>
    {
        Assert.Equal("true", service.Value["read_only"].Text);
        Assert.Equal(["ALL"], service.Value["cap_drop"].Texts);
        Assert.Contains("no-new-privileges:true", service.Value["security_opt"].Texts);
        Assert.All(new[] { "mem_limit", "cpus", "pids_limit" }, limit => Assert.True(service.Value.Has(limit), $"{service.Key} has no {limit}"));
        Assert.Matches(@":v?\d+\.\d+", service.Value["image"].Text);
        Assert.False(service.Value.Has("privileged"));
    });

    /// <summary>A vehicle that loads models up to its container's limit is killed.</summary>
    [Fact]
    public void Models_leave_room_in_a_vehicles_container() => Assert.All(Built("vehicle"), service => Assert.InRange(
        VehicleSettings.Read(Config.Empty, EnvironmentOf(service, "vehicle"), []).Settings.MemoryBytes,
        1,
        Limit(service.Value["mem_limit"].Text) * 3 / 4));

    [Fact]
    public void Nobody_but_this_machine_reaches_what_is_published() =>
        Assert.All(
            Services.Values.Where(service => service.Has("ports")).SelectMany(service => service["ports"].Texts),
            port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));

    [Fact]
    public void A_seeds_ports_are_its_own()
    {
        var defaults = new SeedSettings();
        Assert.All(Built("seed"), service => Assert.Equal(
            [$"{defaults.HttpPort}", $"{defaults.GrpcPort}"], service.Value["ports"].Texts.Select(port => port.Split(':')[^1])));
        Assert.Equal("service:" + Built("seed")[0].Key, Services["pbm"]["network_mode"].Text);
    }

    /// <summary>A container that is killed while it drains loses what it was about to hand over.</summary>
    [Fact]
    public void They_have_the_time_to_leave_that_they_take()
    {
        Assert.All(Built("seed"), service => Assert.InRange(Grace(service.Value), programs.SeedStop, TimeSpan.MaxValue));
        Assert.All(Built("vehicle"), service => Assert.InRange(Grace(service.Value), programs.VehicleStop, TimeSpan.MaxValue));

        static TimeSpan Grace(YamlTree service) => SettingParsers.Duration(service["stop_grace_period"].Text)!.Value;
    }

    /// <summary>PostgreSQL, then seeds, then vehicles; what is waited for has a health check.</summary>
    [Fact]
    public void They_start_in_order()
    {
        Assert.All(Built("seed"), service => Assert.Equal(["postgres"], service.Value["depends_on"].Members.Keys));
        Assert.All(Built("vehicle"), service => Assert.Equal(Built("seed").Select(seed => seed.Key), service.Value["depends_on"].Members.Keys));
        foreach (var (name, condition) in Services.Values.Where(service => service.Has("depends_on")).SelectMany(service => service["depends_on"].Members))
        {
            Assert.Equal("service_healthy", condition["condition"].Text);
            Assert.True(Services[name].Has("healthcheck"), $"{name} is waited for and has no health check");
        }

        Assert.All(Built("seed"), service =>
            Assert.Equal(["CMD", "dotnet", Dockerfile.Read("seed").EntryPoint[1], "--health"], service.Value["healthcheck"]["test"].Texts));
    }

    /// <summary>The monitoring's files name paths in the containers and services of the compose file.</summary>
    [Fact]
    public void Prometheus_and_Grafana_find_what_is_mounted()
    {
        var prometheus = File.ReadAllText(Path.Combine(Folder, "prometheus", "prometheus.yml"));
        Assert.All(Built("seed"), service => Assert.Contains($"{service.Key}:{new SeedSettings().MetricsPort}", prometheus, StringComparison.Ordinal));
        Assert.Matches(@"rule_files:\s+- ""?(/etc/prometheus/)?rules/", prometheus);
        var provisioning = Directory.GetFiles(Path.Combine(Folder, "grafana", "provisioning"), "*.y*ml", SearchOption.AllDirectories)
            .Select(File.ReadAllText).ToList();
        Assert.Contains(provisioning, text => text.Contains("http://prometheus:9090", StringComparison.Ordinal));
        var dashboards = Services["grafana"]["volumes"].Texts.Single(volume => volume.StartsWith("./grafana/dashboards:", StringComparison.Ordinal));
        Assert.Contains(provisioning, text => text.Contains($"path: {dashboards.Split(':')[1]}", StringComparison.Ordinal));
    }

    [Fact]
    public void No_password_stands_in_it_and_the_example_names_every_one()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "compose.yaml"));
        Assert.All(Secret().Matches(text), match => Assert.StartsWith("${", match.Groups[1].Value, StringComparison.Ordinal));
        var example = File.ReadAllLines(Path.Combine(Folder, ".env.example")).Where(line => line.Length > 0 && !line.StartsWith('#')).ToList();
        Assert.All(example, line => Assert.EndsWith("=", line, StringComparison.Ordinal));
        Assert.Equal(
            Substituted().Matches(text).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal),
            example.Select(line => line[..^1]).Order(StringComparer.Ordinal));
        Assert.Contains("docker/.env", File.ReadAllLines(Path.Combine(Checkout.Root, ".gitignore")));
    }

    private static IReadOnlyList<KeyValuePair<string, YamlTree>> Built(string image) =>
        [.. Services.Where(service => service.Value["image"].Text.StartsWith($"mesh/{image}:", StringComparison.Ordinal))];

    /// <summary>What the process in the container finds: the image's variables, and the service's over them.</summary>
    private static Hashtable EnvironmentOf(KeyValuePair<string, YamlTree> service, string image)
    {
        var all = new Hashtable();
        foreach (var (key, value) in Dockerfile.Read(image).Environment)
            all[key] = value;
        foreach (var (key, value) in service.Value["environment"].Members)
            all[key] = Substituted().Replace(value.Text, "secret");
        return all;
    }

    private static long Limit(string text) =>
        long.Parse(text[..^1], CultureInfo.InvariantCulture) << (text[^1] switch { 'g' => 30, 'm' => 20, _ => throw new FormatException(text) });

    [GeneratedRegex(@"(?i)password(?:=|: *)(\S+)")]
    private static partial Regex Secret();

    [GeneratedRegex(@"\$\{([A-Z_]+):\?[^}]*\}")]
    private static partial Regex Substituted();
}
