using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Operations.Wire;

namespace Mesh.Pbm.Connection;

/// <summary>A host's commands and their answers. Reconnects by itself; what goes wrong is told in a person's words.</summary>
internal sealed class OperationsClient : IDisposable
{
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    private readonly HostAddress _host;
    private readonly ConnectionOptions _options;
    private readonly Metadata _headers = [];
    private GrpcChannel _channel;

    /// <param name="tokenVariable">What PBM_TOKEN says.</param>
    /// <exception cref="PbmException">A file of the options cannot be used.</exception>
    public OperationsClient(HostAddress host, ConnectionOptions options, string? tokenVariable)
    {
        (_host, _options) = (host, options);
        if (Channels.Token(host, options, tokenVariable) is { } token)
            _headers.Add("authorization", $"Bearer {token}");
        _channel = Channels.Open(host, options);
    }

    public HostAddress Host => _host;

    public bool IsTls => _options.Tls;

    /// <exception cref="PbmException">There is no host, or it does not let us.</exception>
    public async Task<HostPalettes> GetPalettesAsync(TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            var reply = await Client.GetPalettesAsync(new GetPalettesRequest(), _headers, DateTime.UtcNow + limit, cancellation);
            return new HostPalettes(reply.Host, [.. reply.Palettes.Select(palette => SafePalette.Of(palette.FromWire()))]);
        }
        catch (FormatException e)
        {
            throw new PbmException(PbmExit.NotConnected, $"{_host} has commands that pbm does not take: {e.Message}");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.DeadlineExceeded)
        {
            throw new PbmException(PbmExit.NotConnected, $"{_host} does not answer");
        }
        catch (RpcException e)
        {
            throw ErrorOf(e, cancellation);
        }
    }

    /// <exception cref="PbmException">The command failed, or the answer does not come to its end.</exception>
    public async IAsyncEnumerable<CommandOutput> RunAsync(
        IEnumerable<string> words, bool isConfirmed, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var call = Client.Run(new RunRequest { Words = { words }, Confirmed = isConfirmed }, _headers, cancellationToken: cancellation);
        while (true)
        {
            CommandOutput? output;
            try
            {
                if (!await call.ResponseStream.MoveNext(cancellation))
                    yield break;
                output = call.ResponseStream.Current.FromWire();
            }
            catch (RpcException e)
            {
                throw ErrorOf(e, cancellation);
            }
            catch (FormatException e)
            {
                throw new PbmException(PbmExit.NotConnected, $"{_host} answers what pbm does not understand: {e.Message}");
            }

            if (output is not null)
                yield return output;
        }
    }

    /// <summary>Values that the host knows for a begun word; none where it does not answer, or knows none of that.</summary>
    public async Task<ImmutableArray<string>> CompleteAsync(IEnumerable<string> words, string begun, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            var reply = await Client.CompleteAsync(
                new CompleteRequest { Words = { words }, Begun = begun }, _headers, DateTime.UtcNow + limit, cancellation);
            // They go into the operator's own command line.
            return [.. reply.Values.Where(PaletteRules.IsCandidate).Take(OperationsLimits.Candidates)];
        }
        catch (RpcException)
        {
            return [];
        }
    }

    public void Dispose() => _channel.Dispose();

    private Operations.Wire.Operations.OperationsClient Client => new(_channel);

    /// <exception cref="OperationCanceledException">We do not wait any more.</exception>
    private PbmException ErrorOf(RpcException e, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (e.StatusCode == StatusCode.Unavailable)
            StartAnew();
        return e.StatusCode switch
        {
            StatusCode.InvalidArgument or StatusCode.FailedPrecondition => new PbmException(PbmExit.Usage, e.Status.Detail),
            StatusCode.Unauthenticated or StatusCode.PermissionDenied => new PbmException(PbmExit.NotConnected, $"{_host}: {e.Status.Detail}"),
            StatusCode.Unavailable => new PbmException(PbmExit.NotConnected, $"cannot connect to {_host}: {Reason(e)}"),
            StatusCode.Unimplemented => new PbmException(PbmExit.NotConnected, $"{_host} is no operators' port, or of a version that this pbm does not know"),
            // The stream broke, which is told in several ways.
            StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled when e.Status.DebugException is not null =>
                new PbmException(PbmExit.NotConnected, $"{_host} is gone, and the answer is not complete: {Reason(e)}"),
            StatusCode.Aborted when ReferralOf(e) is { } referral => new ReferredException(e.Status.Detail, referral),
            _ => new PbmException(PbmExit.Failed, e.Status.Detail),
        };
    }

    private static Mesh.Operations.Referral? ReferralOf(RpcException e) =>
        e.Trailers.GetValueBytes(WireForm.ReferralTrailer) is { } trailer ? WireForm.ReferralFromWire(trailer) : null;

    /// <summary>A channel tries again later and later; a person who repeats a command means now.</summary>
    private void StartAnew()
    {
        _channel.Dispose();
        _channel = Channels.Open(_host, _options);
    }

    private static string Reason(RpcException e)
    {
        var reason = e.Status.DebugException;
        while (reason?.InnerException is { } inner)
            reason = inner;
        return reason?.Message ?? e.Status.Detail;
    }
}

/// <param name="Host">Who answers, e.g. "mesh-seed 0.1.0".</param>
internal sealed record HostPalettes(string Host, ImmutableArray<CommandPalette> Palettes);
