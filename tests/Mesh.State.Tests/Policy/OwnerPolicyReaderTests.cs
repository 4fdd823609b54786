using FsCheck.Xunit;
using Mesh.Messages;
using Mesh.Node.Policy;
using Mesh.Testing;

namespace Mesh.State.Tests.Policy;

public sealed class OwnerPolicyReaderTests
{
    [Fact]
    public void An_empty_policy_protects_the_owner()
    {
        var policy = Read("mesh.policy.version = 1");
        Assert.Equal((WorkKinds.None, false), (policy.Consent.Kinds, policy.Consent.NamesModels));
        Assert.Equal((new ParkedPolicy(), new ChargingPolicy(), new TemperaturePolicy()), (policy.Parked, policy.Charging, policy.Temperature));
        Assert.Equal((new NetworkPolicy(), new ComputerPolicy(), new HysteresisPolicy()), (policy.Network, policy.Computer, policy.Hysteresis));
        Assert.Equal((new PrivacyPolicy(), new EnergyPolicy()), (policy.Privacy, policy.Energy));
        Assert.Equal(TimeSpan.FromSeconds(300), policy.Hysteresis.Battery);
    }

    [Fact]
    public void The_example_file_has_every_key_and_reads_well()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "hocon", "policy.conf"));
        var document = new PolicyDocument(text);
        Assert.DoesNotContain(PolicyKey.All, key => !document.IsSet(key.Name));
        var policy = Read(text);
        Assert.Equal(WorkKinds.All, policy.Consent.Kinds);
        Assert.Equal("Europe/Berlin", policy.Hours.Zone.Id);
        Assert.Equal((0.30, "EUR", 0.41), (policy.Energy.MaxPrice, policy.Energy.Tariff!.Currency, policy.Energy.Tariff.PriceAt(18 * 60)));
        Assert.Equal([new DailyWindow(18 * 60, 7 * 60)], policy.Hours.Allowed[DayOfWeek.Monday]);
        Assert.Empty(policy.Hours.Quiet[DayOfWeek.Friday]);
        // Where the file does not say otherwise, it shows the defaults.
        Assert.Equal((new ParkedPolicy(), new ChargingPolicy(), new TemperaturePolicy()), (policy.Parked, policy.Charging, policy.Temperature));
        Assert.Equal((new ComputerPolicy(), new HysteresisPolicy(), new PrivacyPolicy()), (policy.Computer, policy.Hysteresis, policy.Privacy));
    }

    [Fact]
    public void The_document_names_every_key_and_every_reason()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "policy.md"));
        foreach (var key in PolicyKey.All.Where(key => !key.Name.Contains("hours.", StringComparison.Ordinal)))
            Assert.Contains($"`{key.Name}`", text, StringComparison.Ordinal);
        foreach (var rule in EligibilityRules.All)
            Assert.Contains($"`{rule.Code}`", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_will_do_too()
    {
        var policy = Read("""{"mesh": {"policy": {"version": 1, "consent": {"interactive": true, "models": ["resnet", "m-*"]}, "charging": {"min-state-of-charge": 62.5}}}}""");
        Assert.Equal((WorkKinds.Interactive, 62.5), (policy.Consent.Kinds, policy.Charging.MinStateOfCharge));
        Assert.Equal(["resnet", "m-*"], policy.Consent.Models.AsEnumerable());
    }

    [Fact]
    public void All_errors_come_at_once_and_each_names_the_key_its_value_and_what_is_allowed()
    {
        var errors = Errors("""
            mesh.policy {
              consent { interactive = yes, batches = true, models = everything }
              charging.min-state-of-charge = 101
              network.allow = metered
              hours.monday = ["8-10", "08:00-10:00"]
              energy { max-price = 0.3, tariff = ["00:00-12:00 0.2", "11:00-24:00 0.3"] }
              hysteresis.battery = -5s
              computer = small
            }
            mesh.polcy.version = 1 # as a slip of the pen
            """);
        string[] expected =
        [
            "mesh.polcy.version is no key of a policy: allowed in mesh.policy are version, consent",
            "mesh.policy.consent.batches is no key of a policy: allowed in mesh.policy are consent.interactive, consent.batch, consent.models, consent.publishers",
            "mesh.policy.computer is no key of a policy",
            "mesh.policy.consent.interactive is 'yes': needs true or false",
            "mesh.policy.consent.models is 'everything': needs a list of model names, or [\"*\"] for all",
            "mesh.policy.charging.min-state-of-charge is '101': needs percent, 0 to 100, or off",
            "mesh.policy.network.daily-bytes is missing: network.allow = metered needs a whole number of bytes a day above 0",
            "mesh.policy.hours.monday has '8-10': needs a list of HH:MM-HH:MM",
            "mesh.policy.time-zone is missing: hours needs a name of the IANA time zone database",
            "mesh.policy.energy.currency is missing: energy.tariff needs three letters",
            "mesh.policy.energy.tariff is '[00:00-12:00 0.2, 11:00-24:00 0.3]': needs each minute of the day once; 11:00 has 2 prices",
            "mesh.policy.hysteresis.battery is '-5s': needs a duration up to 24h",
        ];
        foreach (var start in expected)
            Assert.Single(errors, error => error.StartsWith(start, StringComparison.Ordinal));
        Assert.Equal(expected.Length, errors.Count);
    }

    [Theory]
    [InlineData("", "the document has no section mesh.policy")]
    [InlineData("mesh.policy { consent.batch = false }", "mesh.policy.version is missing: a policy needs 1")]
    [InlineData("mesh.policy.version = 2", "mesh.policy.version is '2': needs 1")]
    [InlineData("mesh.policy { version = 1", "the document is neither HOCON nor JSON: line 1: the '{' of line 1 is not closed")]
    [InlineData("mesh.policy {\n version = ${one} }", "the document is neither HOCON nor JSON: line 2: '$' in the value of 'mesh.policy.version': put it in quotes")]
    [InlineData("mesh.policy { version = 1\n }}", "the document is neither HOCON nor JSON: line 2: '}' where a key should be")]
    [InlineData("mesh.policy { version = 1, version = 1 }", "mesh.policy.version is set twice: needs 1")]
    [InlineData("mesh.policy { version 1 }", "the document is neither HOCON nor JSON: line 1: 'mesh.policy.version' needs '=' or '{'")]
    [InlineData("mesh.policy { version = \"1 }", "the document is neither HOCON nor JSON: line 1: a quote is not closed")]
    [InlineData("mesh.policy { version = \"1\" 2 }", "the document is neither HOCON nor JSON: line 1: '2' after the value of 'mesh.policy.version'")]
    [InlineData("mesh.policy { version = , }", "the document is neither HOCON nor JSON: line 1: 'mesh.policy.version' has no value")]
    [InlineData("mesh.policy { version = 1, consent.models = [a", "the document is neither HOCON nor JSON: line 1: the '[' of line 1 is not closed")]
    [InlineData("mesh.policy { version = 1, time-zone = Mars/Base }", "mesh.policy.time-zone is 'Mars/Base': needs a name of the IANA time zone database")]
    [InlineData("mesh.policy { version = 1, parked.speed-max = NaN }", "mesh.policy.parked.speed-max is 'NaN'")]
    [InlineData("mesh.policy { version = 1, charging.must-be-plugged-in = off }", "mesh.policy.charging.must-be-plugged-in is 'off': needs true or false")]
    [InlineData("mesh.policy { version = 1, computer.memory = 9223372036854775807 }", "mesh.policy.computer.memory is '9223372036854775807': needs a whole number of bytes, 1 to 1125899906842624")]
    [InlineData("mesh.policy { version = 1, computer.threads { a = 1 } }", "mesh.policy.computer.threads.a is no key of a policy: allowed in mesh.policy are computer.threads")]
    [InlineData("mesh.policy { version = 1, consent.models = [{ a = 1 }] }", "the document is neither HOCON nor JSON: line 1: '{' in the value of 'a list': put it in quotes")]
    public void A_document_that_is_no_policy_is_refused(string text, string error) =>
        Assert.StartsWith(error, Assert.Single(Errors(text)), StringComparison.Ordinal);

    [Fact]
    public void A_document_that_would_exhaust_the_parser_is_refused()
    {
        Assert.Contains(
            "more than 16 sections", Assert.Single(Errors(string.Concat(Enumerable.Repeat("a{", 50_000)))), StringComparison.Ordinal);
        Assert.Contains("characters", Assert.Single(Errors(new string(' ', OwnerPolicyReader.MaxLength + 1))), StringComparison.Ordinal);
    }

    [Property(MaxTest = 300)]
    public void Any_text_is_a_policy_or_has_errors(string? text)
    {
        foreach (var document in new[] { text ?? "", $"mesh.policy {{ version = 1, consent {{ {text} }} }}" })
        {
            var (policy, errors) = OwnerPolicyReader.Read(document);
            Assert.Equal(policy is null, errors.Count > 0);
        }
    }

    [Fact]
    public void Off_switches_a_limit_off()
    {
        var policy = Read("mesh.policy { version = 1, parked { speed-max = off, after-departure = off }, temperature.computer-max = off, energy.daily-cap = off }");
        Assert.Equal((null, null), (policy.Parked.SpeedMaxKmh, policy.Parked.AfterDeparture));
        Assert.Equal((null, null), (policy.Temperature.ComputerMaxCelsius, policy.Energy.DailyCapKwh));
        Assert.True(policy.Parked.MustStandStill);
    }

    [Theory]
    [InlineData(WorkKinds.Interactive, "a", null, true)]
    [InlineData(WorkKinds.Interactive, "A", null, false)]
    [InlineData(WorkKinds.Interactive, "x", "acme", true)]
    [InlineData(WorkKinds.Interactive, "x", null, false)]
    [InlineData(WorkKinds.Batch, "a", "acme", false)]
    [InlineData(WorkKinds.None, "a", "acme", false)]
    public void A_model_runs_by_its_name_or_its_publisher(WorkKinds kind, string model, string? publisher, bool allowed)
    {
        var consent = new ConsentPolicy { Kinds = WorkKinds.Interactive, Models = ["a"], Publishers = ["acme"] };
        Assert.Equal(allowed, consent.Allows(kind, model, publisher));
        Assert.Equal(kind == WorkKinds.Interactive, (consent with { Models = ["*"], Publishers = [] }).Allows(kind, model, publisher));
    }

    [Fact]
    public void A_place_is_told_as_the_middle_of_its_cell()
    {
        var home = new GeoPoint(52.51873, 13.40411);
        var told = new OwnerPolicy().Told(home);
        Assert.InRange(home.DistanceKm(told), 0.001, 3.5);
        Assert.Equal(told, new OwnerPolicy().Told(told));
        // The cell u33dc of the geohash of Berlin's middle.
        Assert.Equal((52.53662, 13.42529), (Math.Round(told.Latitude, 5), Math.Round(told.Longitude, 5)));
        Assert.InRange(new OwnerPolicy { Privacy = new PrivacyPolicy { GeohashCharacters = 1 } }.Told(new GeoPoint(90, 180)).Latitude, 60, 90);
    }

    private static OwnerPolicy Read(string text)
    {
        var (policy, errors) = OwnerPolicyReader.Read(text);
        Assert.Empty(errors);
        return policy!;
    }

    private static IReadOnlyList<string> Errors(string text)
    {
        var (policy, errors) = OwnerPolicyReader.Read(text);
        Assert.Null(policy);
        return errors;
    }
}
