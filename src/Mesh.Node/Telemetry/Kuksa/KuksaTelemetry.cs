using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Mesh.Node.Telemetry.Kuksa;

/// <summary>
/// A KUKSA databroker, one <see cref="KuksaConnection"/> after the other. When one ends, every signal is unknown until the next
/// has told; only a stream that ended without an error after a while, as it does when a token expires, is followed by a new
/// connection at once, and is lost when that fails.
/// </summary>
public sealed partial class KuksaTelemetry(KuksaOptions options, TimeProvider clock, Random random, ILogger<KuksaTelemetry> logger)
    : ITelemetrySource
{
    /// <summary>Events that wait for the reader; beyond, the broker's buffer fills, and what that drops is read again.</summary>
    private const int MaxWaiting = 64;

    private const int MaxTokenLength = 16 * 1024;

    private readonly ILogger _logger = logger;

    public TimeProvider Clock => clock;

    public async IAsyncEnumerable<TelemetryEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var events = Channel.CreateBounded<TelemetryEvent>(MaxWaiting);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var run = RunAsync(events.Writer, stop.Token);
        try
        {
            await foreach (var happened in events.Reader.ReadAllAsync(cancellation))
                yield return happened;
        }
        finally
        {
            await stop.CancelAsync();
            await run;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Until cancelled.</summary>
    private async Task RunAsync(ChannelWriter<TelemetryEvent> events, CancellationToken cancellation)
    {
        var failures = 0;
        try
        {
            while (true)
            {
                var begun = clock.GetTimestamp();
                var reason = await ConnectAsync(events, cancellation);
                var settled = clock.GetElapsedTime(begun) >= options.Settled;
                if (reason is null && settled)
                {
                    LogEnded(options.Host, options.Port);
                    failures = 0;
                    continue;
                }

                failures = settled ? 1 : failures + 1;
                var delay = Backoff.Delay(failures, options.FirstRetry, options.LongestRetry, random.NextDouble());
                reason ??= "it ended the subscription";
                LogLost(options.Host, options.Port, reason, delay.TotalSeconds);
                await events.WriteAsync(new TelemetryEvent.Lost($"databroker {options.Host}:{options.Port}: {reason}"), cancellation);
                await Task.Delay(delay, clock, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            events.TryComplete();
        }
        catch (Exception e)
        {
            // No end without a word: the reader gets it, and with it the process.
            events.TryComplete(e);
        }
    }

    /// <summary>Runs one connection to its end. Null: a stream ended without an error; else what happened.</summary>
    private async Task<string?> ConnectAsync(ChannelWriter<TelemetryEvent> events, CancellationToken cancellation)
    {
        try
        {
            using var connection = new KuksaConnection(options, await ReadTokenAsync(cancellation), clock, events, LogTold);
            await connection.RunAsync(cancellation);
            return null;
        }
        catch (RpcException e) when (!cancellation.IsCancellationRequested)
        {
            return $"{e.StatusCode}, {e.Status.Detail}";
        }
        catch (RpcException)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or FormatException
            or System.Security.Cryptography.CryptographicException)
        {
            return e.Message;
        }
    }

    private void LogTold(int paths, int withheld)
    {
        LogConnected(options.Host, options.Port, paths);
        if (withheld > 0)
            LogWithheld(options.Host, options.Port, withheld, options.TokenFile ?? "(none)");
    }

    private async Task<string?> ReadTokenAsync(CancellationToken cancellation)
    {
        if (options.TokenFile is null)
            return null;
        if (new FileInfo(options.TokenFile).Length > MaxTokenLength)
            throw new FormatException($"the token file {options.TokenFile} has more than {MaxTokenLength} bytes");
        var token = (await File.ReadAllTextAsync(options.TokenFile, cancellation)).Trim();
        // An error must not repeat it.
        return token.Length > 0 && token.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? token
            : throw new FormatException($"the token file {options.TokenFile} holds no JWT");
    }
}
