using System.Collections;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Seed;
using Mesh.Testing;

namespace Mesh.State.Tests.Hosting;

/// <summary>
/// hocon/*-reference.conf is what the programs print of the code's own defaults. After a setting has changed, one run with
/// MESH_UPDATE_SNAPSHOTS=1 writes the files anew.
/// </summary>
public sealed partial class SettingsReferenceTests
{
    private const string Update = "MESH_UPDATE_SNAPSHOTS";

    public static TheoryData<string> Programs => ["seed", "vehicle"];

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_file_is_what_the_program_prints(string program)
    {
        var path = Path.Combine(Checkout.Root, "hocon", $"{program}-reference.conf");
        var printed = Printed(program);
        if (Environment.GetEnvironmentVariable(Update) == "1")
            File.WriteAllText(path, printed);
        Assert.True(File.Exists(path), $"hocon/{program}-reference.conf is missing: {Update}=1 writes it");
        Assert.True(printed == File.ReadAllText(path), $"hocon/{program}-reference.conf is not what the program prints: {Update}=1 writes it anew");
    }

    /// <summary>Each value in it, set, changes nothing: it is the default, in a form that the program reads.</summary>
    [Theory]
    [MemberData(nameof(Programs))]
    public void Every_value_reads_back_to_the_default(string program)
    {
        var reference = ConfigurationFactory.ParseString(Printed(program));
        var values = reference.GetConfig("mesh").AsEnumerable().Select(pair => pair.Key).ToList();
        Assert.NotEmpty(values);
        foreach (var name in values)
        {
            var one = ConfigurationFactory.ParseString($"mesh.{name} = \"{reference.GetString("mesh." + name)}\"");
            Assert.Equal(Described(program, Config.Empty), Described(program, one));
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void It_names_every_setting_once_with_its_variable(string program)
    {
        var printed = Printed(program);
        var named = Entry().Matches(printed).Select(match => match.Groups[1].Value);
        Assert.Equal(Known(program).Where(setting => !setting.IsSwitch).Select(setting => setting.Name), named);
        Assert.All(Known(program).Where(setting => !setting.IsSwitch), setting =>
            Assert.Contains($"--{setting.Name}, {setting.EnvironmentName}; ", printed, StringComparison.Ordinal));
    }

    /// <summary>Whoever adds a key to a file describes it, and what is described is in a file.</summary>
    [Fact]
    public void Every_akka_key_of_the_files_is_described()
    {
        var files = new[] { "seed", "vehicle" }.SelectMany(program => Leaves("akka", Shipped(program).GetConfig("akka"))).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(files, AkkaKey.All.Select(key => key.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Its_akka_values_are_those_of_the_file(string program)
    {
        var reference = ConfigurationFactory.ParseString(Printed(program));
        var shipped = Shipped(program);
        Assert.All(
            Leaves("akka", shipped.GetConfig("akka")),
            key => Assert.Equal((key, shipped.GetString(key)), (key, reference.GetString(key))));
    }

    private static string Printed(string program) =>
        program == "seed" ? SeedSettings.Reference(Shipped(program)) : VehicleSettings.Reference(Shipped(program));

    private static IReadOnlyList<Setting> Known(string program) => program == "seed" ? SeedSettings.Known : VehicleSettings.Known;

    /// <summary>All settings and errors as text, since records compare lists by identity.</summary>
    private static string Described(string program, Config hocon)
    {
        if (program == "seed")
        {
            var (settings, errors) = SeedSettings.Read(hocon, new Hashtable(), []);
            return $"{settings} {string.Join(',', settings.Seeds)} {string.Join('\n', errors)}";
        }

        var (vehicle, wrong) = VehicleSettings.Read(hocon, new Hashtable(), []);
        return $"{vehicle} {string.Join(',', vehicle.Seeds)} {string.Join('\n', wrong)}";
    }

    private static Config Shipped(string program) =>
        ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(Checkout.Root, "hocon", $"{program}.conf")));

    private static IEnumerable<string> Leaves(string path, Config config) =>
        config.AsEnumerable().SelectMany(pair => pair.Value.IsObject()
            ? Leaves($"{path}.{pair.Key}", config.GetConfig(pair.Key))
            : [$"{path}.{pair.Key}"]);

    [GeneratedRegex(@"(?m)^  (?:# )?([a-z-]+) = ")]
    private static partial Regex Entry();
}
