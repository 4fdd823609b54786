using System.Collections;
using System.Globalization;
using Akka.Configuration;
using k8s;
using k8s.Models;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Deployment;

/// <summary>docker/kubernetes against the description of Kubernetes and against the code that it starts.</summary>
public sealed class KubernetesTests(ProgramsFixture programs) : IClassFixture<ProgramsFixture>
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "docker", "kubernetes");
    private static readonly YamlTree Kustomization = YamlTree.Load(Path.Combine(Folder, "kustomization.yaml"));

    /// <summary>Read strictly: a field that Kubernetes does not know, or of another type, is an error.</summary>
    private static readonly IReadOnlyList<object> Objects =
        [.. Kustomization["resources"].Texts.SelectMany(file => KubernetesYaml.LoadAllFromString(File.ReadAllText(Path.Combine(Folder, file)), strict: true))];

    /// <summary>Of a kind that not every cluster knows, so applied by who has it.</summary>
    private const string OperatorsOwn = "podmonitor.yaml";

    private static readonly V1StatefulSet Seeds = The<V1StatefulSet>();
    private static readonly V1PodSpec Pod = Seeds.Spec.Template.Spec;
    private static readonly V1Container Seed = Pod.Containers.Single();

    [Fact]
    public void Every_manifest_is_applied() =>
        Assert.Equal(
            Directory.GetFiles(Folder).Select(Path.GetFileName).Where(file => file is not ("kustomization.yaml" or OperatorsOwn)).Order(StringComparer.Ordinal),
            Kustomization["resources"].Texts.Order(StringComparer.Ordinal));

    [Fact]
    public void Strict_reading_finds_what_is_misspelt() =>
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(
            File.ReadAllText(Path.Combine(Folder, "poddisruptionbudget.yaml")).Replace("maxUnavailable", "maxUnavailabel", StringComparison.Ordinal), strict: true));

    [Fact]
    public void Every_pod_starts_with_settings_that_are_good()
    {
        var config = The<V1ConfigMap>();
        Assert.Equal(config.Metadata.Name, Seed.EnvFrom.Single().ConfigMapRef.Name);
        var pods = Enumerable.Range(0, Seeds.Spec.Replicas!.Value).Select(ordinal => Settings(ordinal, config)).ToList();
        Assert.All(pods, pod => Assert.Empty(pod.Errors));
        Assert.All(pods, pod => Assert.Equal(pods.Select(other => other.Settings.Host), pod.Settings.Seeds.Select(seed => seed.Host)));
    }

    [Fact]
    public void No_variable_is_misspelt()
    {
        var names = SeedSettings.Known.Select(setting => setting.EnvironmentName).ToHashSet();
        var used = The<V1ConfigMap>().Data.Keys.Concat(Seed.Env.Select(variable => variable.Name)).Where(name => name.StartsWith("MESH_", StringComparison.Ordinal));
        Assert.Subset(names, used.ToHashSet());
        Assert.Contains("MESH_JOURNAL", Seed.Env.Where(variable => variable.ValueFrom?.SecretKeyRef is not null).Select(variable => variable.Name));
        Assert.DoesNotContain(Objects, manifest => manifest is V1Secret);
    }

    [Fact]
    public void Ports_are_those_of_the_code_and_the_operators_is_not_among_them()
    {
        var defaults = new SeedSettings();
        var expected = new SortedDictionary<string, int>
        {
            ["akka"] = defaults.Port,
            ["grpc"] = defaults.GrpcPort,
            ["http"] = defaults.HttpPort,
            ["metrics"] = defaults.MetricsPort,
            ["work"] = defaults.WorkPort,
        };
        Assert.Equal(expected, new SortedDictionary<string, int>(Seed.Ports.ToDictionary(port => port.Name, port => port.ContainerPort)));
        Assert.All(Services.SelectMany(service => service.Spec.Ports), port => Assert.Equal((expected[port.Name], port.Name), (port.Port, port.TargetPort.Value)));
        Assert.All(The<V1NetworkPolicy>().Spec.Ingress.SelectMany(rule => rule.Ports), port => Assert.Contains(port.Port.Value, expected.Keys));
        Assert.Equal(expected["metrics"].ToString(CultureInfo.InvariantCulture), Seeds.Spec.Template.Metadata.Annotations["prometheus.io/port"]);
    }

    /// <summary>Members must find each other before they are ready; clients only ever get to ready ones.</summary>
    [Fact]
    public void Members_have_names_at_once_and_clients_a_service_of_the_ready()
    {
        var headless = Services.Single(service => service.Metadata.Name == Seeds.Spec.ServiceName);
        Assert.Equal(("None", true), (headless.Spec.ClusterIP, headless.Spec.PublishNotReadyAddresses));
        Assert.Equal(["akka", "work"], headless.Spec.Ports.Select(port => port.Name));
        var clients = Services.Single(service => service != headless);
        Assert.NotEqual(true, clients.Spec.PublishNotReadyAddresses);
        Assert.Equal(["http", "grpc"], clients.Spec.Ports.Select(port => port.Name));
    }

    [Fact]
    public void Metrics_are_for_the_monitoring_alone()
    {
        var rule = The<V1NetworkPolicy>().Spec.Ingress.Single(rule => rule.Ports.Any(port => port.Port.Value == "metrics"));
        Assert.Single(rule.Ports);
        Assert.Single(rule.FromProperty);
    }

    /// <summary>As prometheus.yml does: the alert of a seed that is down names the job.</summary>
    [Fact]
    public void Prometheus_Operator_finds_the_seeds_as_the_job_that_alerts_name()
    {
        var monitor = YamlTree.Load(Path.Combine(Folder, OperatorsOwn))["spec"];
        var labels = Seeds.Spec.Template.Metadata.Labels;
        Assert.Equal(labels, monitor["selector"]["matchLabels"].Members.ToDictionary(label => label.Key, label => label.Value.Text));
        Assert.Contains($"up{{job=\"{labels[monitor["jobLabel"].Text]}\"}}", File.ReadAllText(Path.Combine(Folder, "..", "prometheus", "rules", "mesh.yml")), StringComparison.Ordinal);
        Assert.Contains(monitor["podMetricsEndpoints"].Items.Single()["port"].Text, Seed.Ports.Select(port => port.Name));
    }

    [Fact]
    public void Probes_ask_what_the_seed_serves()
    {
        foreach (var (probe, path) in new[] { (Seed.StartupProbe, "/healthz/startup"), (Seed.LivenessProbe, "/v2/health/live"), (Seed.ReadinessProbe, "/v2/health/ready") })
        {
            Assert.Equal((path, "http"), (probe.HttpGet.Path, probe.HttpGet.Port.Value));
            Assert.Contains(path, programs.Routes);
        }

        Assert.Contains(Seeds.Spec.Template.Metadata.Annotations["prometheus.io/path"], programs.Routes);
    }

    [Fact]
    public void It_has_the_time_to_leave_that_it_takes()
    {
        var grace = TimeSpan.FromSeconds(Pod.TerminationGracePeriodSeconds!.Value);
        Assert.InRange(grace, TimeSpan.FromSeconds(45), TimeSpan.MaxValue);
        Assert.InRange(grace, TimeSpan.FromSeconds(Seed.Lifecycle.PreStop.Sleep.Seconds) + programs.SeedStop, TimeSpan.MaxValue);
    }

    [Fact]
    public void Seeds_are_lost_one_at_a_time()
    {
        Assert.Equal("1", The<V1PodDisruptionBudget>().Spec.MaxUnavailable.Value);
        Assert.Equal("kubernetes.io/hostname", Assert.Single(Apart).TopologyKey);
        Assert.Equal(("RollingUpdate", "Parallel"), (Seeds.Spec.UpdateStrategy.Type, Seeds.Spec.PodManagementPolicy));
    }

    [Fact]
    public void All_select_the_same_pods()
    {
        var labels = Seeds.Spec.Template.Metadata.Labels;
        Assert.All(
            Services.Select(service => service.Spec.Selector).Append(Seeds.Spec.Selector.MatchLabels)
                .Append(The<V1PodDisruptionBudget>().Spec.Selector.MatchLabels).Append(The<V1NetworkPolicy>().Spec.PodSelector.MatchLabels)
                .Concat(Pod.TopologySpreadConstraints.Select(spread => spread.LabelSelector.MatchLabels))
                .Concat(Apart.Select(term => term.LabelSelector.MatchLabels)),
            selector => Assert.Equal(labels, selector));
    }

    /// <summary>What the namespace's level 'restricted' demands.</summary>
    [Fact]
    public void The_container_may_do_little()
    {
        Assert.Equal("restricted", The<V1Namespace>().Metadata.Labels["pod-security.kubernetes.io/enforce"]);
        Assert.Equal((true, "1654:1654"), (Pod.SecurityContext.RunAsNonRoot, $"{Pod.SecurityContext.RunAsUser}:{Pod.SecurityContext.RunAsGroup}"));
        Assert.Equal("RuntimeDefault", Pod.SecurityContext.SeccompProfile.Type);
        Assert.Equal((false, true), (Seed.SecurityContext.AllowPrivilegeEscalation, Seed.SecurityContext.ReadOnlyRootFilesystem));
        Assert.Equal(["ALL"], Seed.SecurityContext.Capabilities.Drop);
        Assert.False(Pod.AutomountServiceAccountToken);
        Assert.Equal(["cpu", "memory"], Seed.Resources.Requests.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("memory", Seed.Resources.Limits.Keys);
    }

    [Fact]
    public void What_the_image_writes_to_and_reads_is_mounted()
    {
        var image = Dockerfile.Read("seed").Environment;
        Assert.Equal(
            [image["MESH_DATA"], "/tmp", image["MESH_MODELS"]], Seed.VolumeMounts.Select(mount => mount.MountPath));
        Assert.Equal(Pod.Volumes.Select(volume => volume.Name), Seed.VolumeMounts.Select(mount => mount.Name));
        Assert.Equal("mesh/seed", Seed.Image);
        Assert.Equal(Kustomization["images"].Items.Single()["name"].Text, Seed.Image);
    }

    private static IEnumerable<V1PodAffinityTerm> Apart => Pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution;

    private static IReadOnlyList<V1Service> Services => [.. Objects.OfType<V1Service>()];

    private static T The<T>() => Objects.OfType<T>().Single();

    /// <summary>As the kubelet makes a pod's environment: image, map, then the list, in which $(NAME) is an earlier variable.</summary>
    private static (SeedSettings Settings, IReadOnlyList<string> Errors) Settings(int ordinal, V1ConfigMap config)
    {
        var all = new Hashtable();
        foreach (var (key, value) in Dockerfile.Read("seed").Environment.Concat(config.Data))
            all[key] = value;
        foreach (var variable in Seed.Env)
        {
            all[variable.Name] = variable.ValueFrom switch
            {
                { FieldRef.FieldPath: "metadata.name" } => $"{Seeds.Metadata.Name}-{ordinal}",
                { SecretKeyRef: { Name: "mesh-journal", Key: "connection-string" } } => "Host=db;Database=mesh",
                { ConfigMapKeyRef: { } map } when map.Name == config.Metadata.Name => config.Data[map.Key],
                null => Seed.Env.TakeWhile(earlier => earlier != variable).Aggregate(
                    variable.Value, (text, earlier) => text.Replace($"$({earlier.Name})", (string?)all[earlier.Name], StringComparison.Ordinal)),
                _ => throw new InvalidDataException($"{variable.Name} comes from a place that this test does not know"),
            };
        }

        return SeedSettings.Read(Config.Empty, all, ["--models", Checkout.Models]);
    }
}
