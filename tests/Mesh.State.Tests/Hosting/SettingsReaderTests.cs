using System.Collections;
using System.Text.RegularExpressions;
using Akka.Configuration;
using FsCheck;
using FsCheck.Xunit;
using Mesh.Hosting;
using Mesh.Hosting.Settings;
using Mesh.Node;
using Mesh.Seed;
using Config = Akka.Configuration.Config;

namespace Mesh.State.Tests.Hosting;

public sealed class SettingsReaderTests
{
    private static readonly Setting[] Known =
    [
        new("port", "a number"), new("region-name", "a name"), new("list", "names"), new("help", "no value", IsSwitch: true),
    ];

    [Theory]
    [InlineData("from hocon", null, null, "from hocon")]
    [InlineData("from hocon", "from environment", null, "from environment")]
    [InlineData("from hocon", "from environment", "from command line", "from command line")]
    [InlineData("from hocon", null, "from command line", "from command line")]
    [InlineData("from hocon", "", null, "from hocon")]
    [InlineData(null, null, null, "default")]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file(
        string? hocon, string? environment, string? argument, string expected)
    {
        var reader = Read(
            hocon is null ? "" : $"mesh.region-name = \"{hocon}\"",
            environment is null ? [] : new Hashtable { ["MESH_REGION_NAME"] = environment },
            argument is null ? [] : ["--region-name", argument]);
        Assert.Equal(expected, reader.Optional("region-name", text => text, "default"));
        Assert.Empty(reader.Errors);
    }

    [Fact]
    public void Values_come_after_a_space_or_an_equals_sign_and_the_last_one_counts()
    {
        Assert.Equal("b=c", Read(arguments: ["--list", "a", "--list=b=c"]).Optional("list", text => text, ""));
        Assert.Equal("a,b", Read("mesh.list = [a, b]").Optional("list", text => text, ""));
    }

    [Fact]
    public void A_switch_needs_no_value_and_can_be_set_to_false()
    {
        Assert.True(Read(arguments: ["--help", "--port", "1"]).IsSet("help"));
        Assert.False(Read(arguments: ["--help=false"]).IsSet("help"));
        Assert.False(Read().IsSet("help"));
    }

    [Fact]
    public void All_errors_come_at_once_and_each_names_its_setting_its_origin_and_its_need()
    {
        var reader = Read(
            "mesh { port = x, regionname = y }",
            new Hashtable { ["MESH_LIST"] = "?" },
            ["stray", "--prot", "--region-name=!", "--port"]);
        reader.Required("port", text => int.TryParse(text, out var port) ? port : null, 0);
        reader.Optional("region-name", string? (_) => throw new FormatException("a name has letters"), "");
        reader.Optional("list", string? (_) => null, "");
        Assert.Equal(
            [
                "mesh.regionname in the configuration file is no setting of this program: remove it or see --help",
                "'stray' is no option of this program: see --help",
                "'--prot' is no option of this program: see --help",
                "--port has no value: a number",
                "--port is 'x' (configuration file): needs a number",
                "--region-name is '!' (command line): a name has letters",
                "--list is '?' (MESH_LIST): needs names",
            ],
            reader.Errors);
    }

    [Fact]
    public void A_missing_setting_says_the_three_places_where_it_can_be_given()
    {
        var reader = Read();
        Assert.Equal(7, reader.Required("region-name", _ => (int?)1, whenWrong: 7));
        Assert.Equal(
            ["--region-name is missing (or MESH_REGION_NAME, or mesh.region-name in the configuration file): needs a name"], reader.Errors);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("2m", 120_000)]
    [InlineData("0s", null)]
    [InlineData("-1s", null)]
    [InlineData("infinite", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    [InlineData("1s\nx = 2", null)]
    [InlineData("1e400s", null)]
    public void Durations_are_in_the_form_of_hocon(string text, int? milliseconds) =>
        Assert.Equal(milliseconds is { } ms ? TimeSpan.FromMilliseconds(ms) : null, SettingParsers.Duration(text));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("65535", 65535)]
    [InlineData("65536", null)]
    [InlineData("-1", null)]
    [InlineData("+1", null)]
    [InlineData(" 80", null)]
    [InlineData("", null)]
    public void Ports_are_plain_numbers(string text, int? port) => Assert.Equal(port, SettingParsers.Port(text));

    [Theory]
    [InlineData("a:1", "a:1")]
    [InlineData("a:1, b.example:65535 ,", "a:1 b.example:65535")]
    [InlineData("a", null)]
    [InlineData("a:0", null)]
    [InlineData(":1", null)]
    [InlineData("a:1,b", null)]
    [InlineData("", null)]
    public void Endpoints_are_hosts_with_ports(string text, string? expected) =>
        Assert.Equal(expected, SettingParsers.Endpoints(text) is { } all ? string.Join(' ', all.Select(e => $"{e.Host}:{e.Port}")) : null);

    /// <summary>Whatever stands in a setting, the answer is an error about it, never an exception.</summary>
    [Property(MaxTest = 200)]
    public void No_text_breaks_the_reading(NonNull<string> any)
    {
        // No operating system passes a null character.
        foreach (var text in new[] { any.Get.Replace("\0", "", StringComparison.Ordinal), "", " ", "\"", "{", "${a}" })
        {
            foreach (var setting in SeedSettings.Known)
                SeedSettings.Read(Config.Empty, new Hashtable { [setting.EnvironmentName] = text }, [$"--{setting.Name}={text}"]);
            foreach (var setting in VehicleSettings.Known)
                VehicleSettings.Read(Config.Empty, new Hashtable { [setting.EnvironmentName] = text }, [$"--{setting.Name}={text}"]);
        }
    }

    [Fact]
    public void A_section_where_a_value_belongs_is_an_error_about_that_setting()
    {
        foreach (var setting in SeedSettings.Known)
        {
            var (_, errors) = SeedSettings.Read(ConfigurationFactory.ParseString($"mesh.{setting.Name} {{ a = b }}"), new Hashtable(), []);
            if (!setting.IsSwitch)
                Assert.Contains($"mesh.{setting.Name} in the configuration file is a section: needs {setting.Needs}", errors);
        }
    }

    [Fact]
    public void The_help_names_every_setting_with_its_need()
    {
        var help = SettingsHelp.Usage("mesh-seed", SeedSettings.Known);
        Assert.StartsWith("Usage: mesh-seed [options]", help, StringComparison.Ordinal);
        Assert.All(SeedSettings.Known, setting => Assert.Matches($"(?m)^  --{setting.Name} +{Regex.Escape(setting.Needs)}$", help));
    }

    private static SettingsReader Read(string hocon = "", IDictionary? environment = null, params string[] arguments) =>
        new(Known, ConfigurationFactory.ParseString(hocon), environment ?? new Hashtable(), arguments);
}
