using Mesh.Node.Telemetry;
using Mesh.Node.Telemetry.Kuksa;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Telemetry;

public sealed class TelemetrySpecTests
{
    [Fact]
    public void Each_kind_of_source_can_be_named()
    {
        Assert.Equal(new TelemetrySpec.Fixed(), TelemetrySpec.Parse("fixed"));
        Assert.Equal(new TelemetrySpec.Manual(), TelemetrySpec.Parse("manual"));
        Assert.Equal(new TelemetrySpec.Trace("a:b/day.jsonl", 1), TelemetrySpec.Parse("trace:a:b/day.jsonl"));
        Assert.Equal(new TelemetrySpec.Trace("day@home.jsonl", 600), TelemetrySpec.Parse("trace:day@home.jsonl@600"));
        Assert.Equal(
            new TelemetrySpec.Trace("day@home.jsonl", 600, new DateTimeOffset(2026, 3, 2, 18, 0, 0, 500, TimeSpan.Zero)),
            TelemetrySpec.Parse("trace:day@home.jsonl@600@2026-03-02T18:00:00.5Z"));
        Assert.Equal(new TelemetrySpec.Kuksa(new KuksaOptions { Host = "127.0.0.1" }), TelemetrySpec.Parse("kuksa:127.0.0.1"));
        Assert.Equal(new TelemetrySpec.Kuksa(new KuksaOptions { Host = "broker", Port = 1234 }), TelemetrySpec.Parse("kuksa:broker:1234"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Fixed")]
    [InlineData("trace:")]
    [InlineData("trace:@5")]
    [InlineData("trace:f@0")]
    [InlineData("trace:f@-1")]
    [InlineData("trace:f@NaN")]
    [InlineData("trace:f@1e9")]
    [InlineData("trace:f@2026-03-02T18:00:00Z")]
    [InlineData("trace:f@600@18:60")]
    [InlineData("trace:@600@2026-03-02T18:00:00Z")]
    [InlineData("kuksa:")]
    [InlineData("kuksa:::1:55555")]
    [InlineData("kuksa:a b:1")]
    [InlineData("kuksa:host:0")]
    [InlineData("kuksa:host:99999")]
    public void Others_are_refused(string text) => Assert.Null(TelemetrySpec.Parse(text));

    [Fact]
    public void What_is_wrong_with_the_options_is_told_all_at_once()
    {
        var options = new KuksaOptions { Host = "broker.example", TokenFile = "none.jwt" };
        var (source, errors) = new TelemetrySpec.Kuksa(options).Open(TimeProvider.System, Random.Shared, NullLoggerFactory.Instance);
        Assert.Null(source);
        Assert.Equal(
            [
                "the databroker's token file none.jwt does not exist",
                "a token goes to broker.example over TLS alone: name the certificate file of its authority",
            ],
            errors);
        Assert.Single((options with { Host = "127.0.0.1" }).Problems());
        Assert.NotNull(new TelemetrySpec.Fixed().Open(TimeProvider.System, Random.Shared, NullLoggerFactory.Instance).Source);
    }
}
