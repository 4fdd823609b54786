using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mesh.Node.Telemetry;
using Mesh.Node.Telemetry.Kuksa;
using Mesh.Node.Telemetry.Kuksa.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Telemetry;

/// <summary>Each trap of the databroker's API, against a server that has it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test's DisposeAsync disposes it.")]
public sealed class KuksaTelemetryTests : IAsyncLifetime
{
    private const string Moving = "Vehicle.IsMoving";
    private const string Charge = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current";
    private const string OldCable = "Vehicle.Powertrain.TractionBattery.Charging.IsChargingCableConnected";

    private readonly DrivenClock _clock = new();
    private readonly FakeBroker _broker = new();
    private readonly string _tokenFile = Path.GetTempFileName();

    public async Task InitializeAsync()
    {
        _broker.Put(Moving, new Value { Bool = false }, Signals.Start);
        _broker.Put(Charge, new Value { Float = 49.9f }, Signals.Start);
        _broker.Put(OldCable, new Value { Bool = true }, Signals.Start);
        _broker.Put("Vehicle.AverageSpeed", new Value { Float = 3 }, Signals.Start);
        await _broker.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        File.Delete(_tokenFile);
    }

    [Fact]
    public async Task It_reads_what_the_vehicle_has_and_hears_of_changes()
    {
        await using var reader = await ConnectAsync();
        Assert.IsType<TelemetryEvent.Connected>(reader.Happened[0]);
        Assert.Equal((false, 49.9, true), (reader[VssCatalogue.IsMoving].Truth, reader[VssCatalogue.StateOfCharge].Number, reader[VssCatalogue.IsPluggedIn].Truth));
        Assert.Equal(OldCable, reader[VssCatalogue.IsPluggedIn].Path);
        Assert.Equal(UnknownCause.Missing, reader[VssCatalogue.Speed].Cause);

        _broker.Publish(Moving, new Value { Bool = true }, Signals.At(0.1));
        _clock.Advance(TimeSpan.FromSeconds(1));
        await reader.UntilAsync(r => r[VssCatalogue.IsMoving].Truth == true);
    }

    [Theory]
    [InlineData(11, "text")]
    [InlineData(13, -3)]
    [InlineData(14, -4_000_000_000L)]
    [InlineData(15, 7u)]
    [InlineData(16, 8ul)]
    [InlineData(18, 0.1)]
    public async Task Each_variant_of_a_value_is_understood(int field, object value)
    {
        var wire = new Value();
        Value.Descriptor.FindFieldByNumber(field).Accessor.SetValue(wire, value);
        _broker.Put(Charge, wire, Signals.Start);
        await using var reader = await ConnectAsync();
        Assert.Equal(Signals.Value(value), reader[VssCatalogue.StateOfCharge].LastValue);
    }

    [Fact]
    public async Task Urgent_signals_have_a_stream_of_their_own_without_an_interval()
    {
        await using var reader = await ConnectAsync();
        var requests = _broker.Subscriptions.Select(subscription => subscription.Request).ToList();
        var urgent = Assert.Single(requests, request => request.Filter is null);
        Assert.Equal([Moving, OldCable], urgent.SignalPaths.Order());
        var sampled = Assert.Single(requests, request => request.Filter is not null);
        Assert.Equal([Charge], sampled.SignalPaths);
        Assert.Equal(1000u, sampled.Filter.MinSampleInterval.IntervalMs);
        Assert.All(requests, request => Assert.Equal(1000u, request.BufferSize));
    }

    [Fact]
    public async Task A_value_that_is_withdrawn_is_unknown_and_not_false()
    {
        await using var reader = await ConnectAsync();
        _broker.Publish(OldCable, null, Signals.At(0.1));
        await reader.UntilAsync(r => r[VssCatalogue.IsPluggedIn].Cause == UnknownCause.Absent);
    }

    [Fact]
    public async Task What_the_token_may_not_read_is_found_out()
    {
        _broker.Unreadable[OldCable] = true;
        _broker.Unreadable[Charge] = true;
        await using var reader = await ConnectAsync();
        Assert.Equal(UnknownCause.Withheld, reader[VssCatalogue.IsPluggedIn].Cause);
        Assert.Equal(UnknownCause.Withheld, reader[VssCatalogue.StateOfCharge].Cause);
        Assert.True(reader[VssCatalogue.IsMoving].IsKnown);
    }

    [Fact]
    public async Task A_change_whose_message_was_dropped_is_read_again()
    {
        await using var reader = await ConnectAsync();
        _broker.Put(Moving, new Value { Bool = true }, Signals.At(1));
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(10));
        _clock.Advance(TimeSpan.FromSeconds(10));
        await reader.UntilAsync(r => r[VssCatalogue.IsMoving].Truth == true);
        Assert.Equal(0, reader.Losses);
    }

    [Fact]
    public async Task A_provider_that_died_is_noticed_by_the_age_of_what_it_told()
    {
        await using var reader = await ConnectAsync();
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(10));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(reader[VssCatalogue.IsMoving].IsKnown);
            _clock.Advance(TimeSpan.FromSeconds(10));
            await reader.NextAsync<TelemetryEvent.Readings>();
        }

        Assert.Equal(UnknownCause.Stale, reader[VssCatalogue.IsMoving].Cause);
    }

    /// <summary>The end of the streams and the refusal of the next reading come in any order.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_that_expires_is_read_anew_and_nothing_is_lost(bool streamsEnd)
    {
        await File.WriteAllTextAsync(_tokenFile, "first.token\n");
        _broker.Token = "first.token";
        await using var reader = await ConnectAsync(options => options with { TokenFile = _tokenFile });
        await _clock.TimerAsync(length => length == TimeSpan.FromSeconds(10));
        await File.WriteAllTextAsync(_tokenFile, "second.token\n");
        _broker.Token = "second.token";
        _clock.Advance(TimeSpan.FromSeconds(10));
        if (streamsEnd)
            _broker.EndStreams();
        await reader.NextAsync<TelemetryEvent.Connected>();
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal(0, reader.Losses);
        Assert.Equal("Bearer second.token", _broker.Subscriptions.Last().Token);
    }

    [Fact]
    public async Task A_token_that_expired_for_good_loses_the_source_until_there_is_a_new_one()
    {
        await File.WriteAllTextAsync(_tokenFile, "first.token");
        _broker.Token = "first.token";
        await using var reader = await ConnectAsync(options => options with { TokenFile = _tokenFile });
        _broker.Token = "second.token";
        _clock.Advance(TimeSpan.FromSeconds(10));
        _broker.EndStreams();
        Assert.Contains("Unauthenticated", (await reader.NextAsync<TelemetryEvent.Lost>()).Reason, StringComparison.Ordinal);
        Assert.Equal(UnknownCause.SourceLost, reader[VssCatalogue.IsMoving].Cause);

        await File.WriteAllTextAsync(_tokenFile, "second.token");
        var back = reader.NextAsync<TelemetryEvent.Readings>();
        await RetryAsync();
        await back;
        Assert.True(reader[VssCatalogue.StateOfCharge].IsKnown);
    }

    [Fact]
    public async Task A_broker_that_ends_streams_at_once_is_not_asked_without_pause()
    {
        await using var reader = await ConnectAsync();
        _broker.EndStreams();
        await reader.NextAsync<TelemetryEvent.Lost>();
        await RetryAsync();
        await reader.NextAsync<TelemetryEvent.Readings>();
        Assert.Equal(2, _broker.Calls);
    }

    [Fact]
    public async Task A_broker_that_restarts_is_found_again_and_its_empty_values_are_unknown()
    {
        var port = _broker.Port;
        await using var reader = await ConnectAsync();
        _clock.Advance(TimeSpan.FromSeconds(10));
        await _broker.StopAsync();
        await reader.NextAsync<TelemetryEvent.Lost>();
        Assert.Equal(UnknownCause.SourceLost, reader[VssCatalogue.IsMoving].Cause);

        _broker.Put(Moving, null, Signals.At(-60));
        await _broker.StartAsync(port);
        var back = reader.NextAsync<TelemetryEvent.Readings>();
        await RetryAsync();
        await back;
        Assert.Equal(UnknownCause.Absent, reader[VssCatalogue.IsMoving].Cause);
        // Its clock was set back: a time before the last one of the old connection counts.
        _broker.Publish(Moving, new Value { Bool = true }, Signals.At(-5));
        await reader.UntilAsync(r => r[VssCatalogue.IsMoving].Truth == true);
    }

    [Fact]
    public async Task A_broker_that_tells_no_paths_or_none_of_ours_is_lost_with_that_reason()
    {
        _broker.TellsPaths = false;
        await using var reader = Read();
        Assert.Contains("version 0.6 or newer", (await reader.NextAsync<TelemetryEvent.Lost>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_never_tells_a_first_message_is_lost()
    {
        _broker.IsMute = true;
        await using var reader = Read(options => options with { CallTimeout = TimeSpan.FromSeconds(0.5) });
        Assert.Contains("told nothing within 0.5 s", (await reader.NextAsync<TelemetryEvent.Lost>()).Reason, StringComparison.Ordinal);
    }

    /// <summary>The link is cut without a word: only the client's own pings tell.</summary>
    [Fact]
    public async Task A_dead_link_is_noticed_though_nobody_says_anything()
    {
        await using var link = new CutLink(_broker.Port);
        var options = Options() with { Port = link.Port, PingAfter = TimeSpan.FromSeconds(1), PingTimeout = TimeSpan.FromSeconds(1) };
        await using var reader = new SourceReader(Source(options));
        await reader.NextAsync<TelemetryEvent.Readings>();
        link.Cut();
        await reader.NextAsync<TelemetryEvent.Lost>();
    }

    [Fact]
    public async Task Over_tls_only_the_named_authority_and_name_are_trusted()
    {
        using var certificate = Certificate("Server");
        using var other = Certificate("Server");
        await using var broker = new FakeBroker();
        broker.Put(Moving, new Value { Bool = false }, Signals.Start);
        await broker.StartAsync(certificate: certificate);
        var caFile = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(caFile, certificate.ExportCertificatePem());
            var options = Options() with { Port = broker.Port, CaFile = caFile, ServerName = "Server" };
            await using (var reader = new SourceReader(Source(options)))
            {
                await reader.NextAsync<TelemetryEvent.Readings>();
                Assert.False(reader[VssCatalogue.IsMoving].Truth);
            }

            await AssertLostAsync(options with { ServerName = "Other" });
            await AssertLostAsync(options with { ServerName = null });
            await File.WriteAllTextAsync(caFile, other.ExportCertificatePem());
            await AssertLostAsync(options);
        }
        finally
        {
            File.Delete(caFile);
        }

        async Task AssertLostAsync(KuksaOptions options)
        {
            await using var reader = new SourceReader(Source(options));
            Assert.IsType<TelemetryEvent.Lost>(await reader.NextAsync());
        }
    }

    [Fact]
    public async Task A_token_file_without_a_token_is_not_repeated_in_the_reason()
    {
        await File.WriteAllTextAsync(_tokenFile, "secret with blanks");
        await using var reader = Read(options => options with { TokenFile = _tokenFile });
        var reason = (await reader.NextAsync<TelemetryEvent.Lost>()).Reason;
        Assert.EndsWith($"the token file {_tokenFile} holds no JWT", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0, 0.25)]
    [InlineData(1, 1, 0.5)]
    [InlineData(3, 1, 2)]
    [InlineData(7, 1, 30)]
    [InlineData(1_000_000, 0, 15)]
    public void Waits_grow_to_their_limit_and_half_of_them_is_random(int failures, double random, double seconds) =>
        Assert.Equal(seconds, Backoff.Delay(failures, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30), random).TotalSeconds);

    private KuksaOptions Options() => new() { Host = "127.0.0.1", Port = _broker.Port };

    private KuksaTelemetry Source(KuksaOptions options) => new(options, _clock, new Random(1), NullLogger<KuksaTelemetry>.Instance);

    private SourceReader Read(Func<KuksaOptions, KuksaOptions>? change = null) => new(Source(change?.Invoke(Options()) ?? Options()));

    /// <summary>With both streams open and read to where they are.</summary>
    private async Task<SourceReader> ConnectAsync(Func<KuksaOptions, KuksaOptions>? change = null)
    {
        var reader = Read(change);
        await reader.NextAsync<TelemetryEvent.Readings>();
        return reader;
    }

    /// <summary>Lets the wait before the next try pass, which is less than a second and not the re-read's ten.</summary>
    private async Task RetryAsync()
    {
        await _clock.TimerAsync(length => length > TimeSpan.Zero && length < TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    /// <summary>A link to a port of this machine that can be cut so that neither end is told.</summary>
    private sealed class CutLink : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _cut = new();
        private readonly List<TcpClient> _ends = [];
        private readonly Task _run;

        public CutLink(int to)
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _run = RunAsync(to);
        }

        public int Port { get; }

        public void Cut() => _cut.Cancel();

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _cut.CancelAsync();
            await _run;
            _ends.ForEach(end => end.Dispose());
            _listener.Dispose();
            _cut.Dispose();
        }

        private async Task RunAsync(int to)
        {
            try
            {
                var near = await _listener.AcceptTcpClientAsync(_cut.Token);
                var far = new TcpClient();
                _ends.AddRange([near, far]);
                await far.ConnectAsync(IPAddress.Loopback, to, _cut.Token);
                await Task.WhenAll(
                    near.GetStream().CopyToAsync(far.GetStream(), _cut.Token), far.GetStream().CopyToAsync(near.GetStream(), _cut.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
            {
                // Cut, or an end has gone.
            }
        }
    }
}
