using Grpc.Core;
using Mesh.Operations;
using Mesh.Operations.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>The gRPC face of <see cref="CommandRunner"/>: who asks, and how a refusal is told.</summary>
internal sealed partial class OperationsService(
    CommandRunner runner, OperatorGate gate, OperationsHost host, TimeProvider time, ILogger<OperationsService> logger)
    : Mesh.Operations.Wire.Operations.OperationsBase
{
    /// <summary>Who asked is judged again this often while an answer goes on, since endless ones do for days.</summary>
    internal static readonly TimeSpan JudgeAgain = TimeSpan.FromSeconds(10);

    public override Task<GetPalettesReply> GetPalettes(GetPalettesRequest request, ServerCallContext context)
    {
        _ = OperatorOf(context);
        return Task.FromResult(new GetPalettesReply { Host = host.Name, Palettes = { runner.Palettes.Select(palette => palette.ToWire()) } });
    }

    public override async Task Run(RunRequest request, IServerStreamWriter<Output> responseStream, ServerCallContext context)
    {
        var command = new CommandRequest(request.Words, request.Confirmed, OperatorOf(context), context.Peer);
        await using var trust = new LastingTrust(gate, context.GetHttpContext(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.Stopping, trust.Ended);
        try
        {
            await foreach (var output in runner.RunAsync(command, either.Token))
                await responseStream.WriteAsync(output.ToWire(), either.Token);
        }
        catch (CommandRefusedException e) when (e.Refusal != CommandRefusal.Cancelled)
        {
            throw Failure(StatusOf(e.Refusal), e.Message, e.Referral);
        }
        catch (Exception e) when (e is CommandRefusedException or OperationCanceledException)
        {
            throw EndOf(context, trust);
        }
        catch (FormatException e)
        {
            LogTooLarge(string.Join(' ', request.Words.Take(2)), e.Message);
            throw Failure(StatusCode.Internal, "the answer cannot be sent; the log of this host says why");
        }
    }

    public override async Task<CompleteReply> Complete(CompleteRequest request, ServerCallContext context)
    {
        _ = OperatorOf(context);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.Stopping);
        return new CompleteReply { Values = { await runner.CompleteAsync(request.Words, request.Begun, either.Token) } };
    }

    private string OperatorOf(ServerCallContext context)
    {
        var (name, problem) = Judge(gate, context.GetHttpContext());
        return name ?? throw Refusal(context, problem ?? "");
    }

    private RpcException EndOf(ServerCallContext context, LastingTrust trust)
    {
        if (trust.Failure is { } failure)
            LogUnjudged(failure, context.Peer);
        if (trust.Problem is { } problem)
            return Refusal(context, problem);
        return host.Stopping.IsCancellationRequested
            ? Failure(StatusCode.Unavailable, "this host is stopping")
            : Failure(StatusCode.Cancelled, "the operator does not wait any more");
    }

    private RpcException Refusal(ServerCallContext context, string problem)
    {
        LogRefused(context.Peer, problem);
        return Failure(StatusCode.Unauthenticated, problem);
    }

    private static OperatorGate.Judgement Judge(OperatorGate gate, HttpContext call) =>
        gate.Judge(OperationsHost.ShownBy(call), call.Request.Headers.Authorization);

    private static StatusCode StatusOf(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.Wrong => StatusCode.InvalidArgument,
        CommandRefusal.Unconfirmed => StatusCode.FailedPrecondition,
        CommandRefusal.Busy => StatusCode.ResourceExhausted,
        CommandRefusal.Failed or CommandRefusal.Referred => StatusCode.Aborted,
        CommandRefusal.Late => StatusCode.DeadlineExceeded,
        _ => StatusCode.Internal,
    };

    private static RpcException Failure(StatusCode code, string message, Mesh.Operations.Referral? referral = null) => new(
        new Status(code, OperationsLimits.Cut(message, OperationsLimits.ErrorLength)),
        referral is null ? [] : new Metadata { { WireForm.ReferralTrailer, referral.ToWire() } });

    /// <summary>Whether who asked is still trusted, for as long as the answer goes on.</summary>
    private sealed class LastingTrust : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private readonly CancellationTokenSource _over = new();
        private readonly Task _watching;
        private volatile string? _problem;

        public LastingTrust(OperatorGate gate, HttpContext call, TimeProvider time)
        {
            // Read now: the call's own thread has it later.
            var (shown, authorization) = (OperationsHost.ShownBy(call), (string?)call.Request.Headers.Authorization);
            _watching = WatchAsync(() => gate.Judge(shown, authorization), time);
        }

        public CancellationToken Ended => _ended.Token;

        /// <summary>Why not; null = who asked is.</summary>
        public string? Problem => _problem;

        /// <summary>What kept it from being judged.</summary>
        public Exception? Failure { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync();
            await _watching;
            _over.Dispose();
            _ended.Dispose();
        }

        private async Task WatchAsync(Func<OperatorGate.Judgement> judge, TimeProvider time)
        {
            try
            {
                using var timer = new PeriodicTimer(JudgeAgain, time);
                while (_problem is null && await timer.WaitForNextTickAsync(_over.Token))
                    _problem = ProblemOf(judge);
                await _ended.CancelAsync();
            }
            catch (OperationCanceledException)
            {
                // The answer has ended.
            }
        }

        private string? ProblemOf(Func<OperatorGate.Judgement> judge)
        {
            try
            {
                return judge() is { Operator: null } judgement ? judgement.Problem ?? "" : null;
            }
            catch (Exception e)
            {
                // Whatever it is, nobody knows any more whether to trust.
                Failure = e;
                return "who asks cannot be judged any more; the log of this host says why";
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An operator's call from {Peer} was refused: {Problem}")]
    private partial void LogRefused(string peer, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Whether the operator at {Peer} is still trusted cannot be told: the answer is ended")]
    private partial void LogUnjudged(Exception exception, string peer);

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer of '{Command}' cannot be sent: {Reason}")]
    private partial void LogTooLarge(string command, string reason);
}
