using System.Text.Json.Nodes;
using Mesh.Hosting.Operations;
using Mesh.State.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Operations;

public sealed class AuditLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DrivenClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_command_is_there_before_it_runs_and_its_outcome_after()
    {
        var log = new AuditLog(_folder.Path, _clock, NullLogger<AuditLog>.Instance);
        var id = log.Begin("anna", "ipv4:127.0.0.1:5", "cluster leave");
        Assert.Equal($$"""{"time":"{{Now}}","id":"{{id}}","operator":"anna","peer":"ipv4:127.0.0.1:5","command":"cluster leave","outcome":"begun"}""", Lines().Single());
        _clock.Advance(TimeSpan.FromSeconds(2));
        log.End(id, "failed", "no");
        Assert.Equal($$"""{"time":"{{Now}}","id":"{{id}}","outcome":"failed","reason":"no"}""", Lines()[1]);
    }

    [Fact]
    public void It_is_bounded_and_the_newest_are_kept()
    {
        var log = new AuditLog(_folder.Path, _clock, NullLogger<AuditLog>.Instance, rotateAt: 300);
        for (var i = 0; i < 100; i++)
            log.Begin("anna", "peer", $"command {i}");
        var files = Directory.GetFiles(_folder.Path);
        Assert.Equal(1 + AuditLog.KeptFiles, files.Length);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 600));
        Assert.Equal("command 99", (string?)JsonNode.Parse(Lines()[^1])!["command"]);
        Assert.All(Lines(), line => JsonNode.Parse(line));
    }

    [Fact]
    public void A_disk_that_refuses_stops_what_begins_and_no_more()
    {
        var log = new AuditLog(_folder.Write("a file", ""), _clock, NullLogger<AuditLog>.Instance);
        Assert.Throws<IOException>(() => log.Begin("anna", "peer", "cluster leave"));
        log.End("id", "done", null);
    }

    [Fact]
    public void Others_of_the_machine_cannot_read_it()
    {
        if (OperatingSystem.IsWindows())
            return;
        new AuditLog(_folder.Path, _clock, NullLogger<AuditLog>.Instance).Begin("anna", "peer", "x");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.File("audit.jsonl")));
    }

    private string Now => _clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);

    private string[] Lines() => File.ReadAllLines(_folder.File("audit.jsonl"));
}
