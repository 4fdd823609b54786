using Grpc.Core;
using Mesh.Operations;
using Mesh.Operations.Wire;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>The gRPC face of <see cref="CommandRunner"/>: who asks, and how a refusal is told.</summary>
internal sealed partial class OperationsService(
    CommandRunner runner, OperatorGate gate, OperationsHost host, ILogger<OperationsService> logger) : Mesh.Operations.Wire.Operations.OperationsBase
{
    public override Task<GetPalettesReply> GetPalettes(GetPalettesRequest request, ServerCallContext context)
    {
        _ = OperatorOf(context);
        return Task.FromResult(new GetPalettesReply { Host = host.Name, Palettes = { runner.Palettes.Select(palette => palette.ToWire()) } });
    }

    public override async Task Run(RunRequest request, IServerStreamWriter<Output> responseStream, ServerCallContext context)
    {
        var command = new CommandRequest(request.Words, request.Confirmed, OperatorOf(context), context.Peer);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, host.Stopping);
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
            throw host.Stopping.IsCancellationRequested
                ? Failure(StatusCode.Unavailable, "this host is stopping")
                : Failure(StatusCode.Cancelled, "the operator does not wait any more");
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
        var http = context.GetHttpContext();
        var (name, problem) = gate.Judge(OperationsHost.ShownBy(http), http.Request.Headers.Authorization);
        if (name is not null)
            return name;
        LogRefused(context.Peer, problem ?? "");
        throw Failure(StatusCode.Unauthenticated, problem ?? "");
    }

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "An operator's call from {Peer} was refused: {Problem}")]
    private partial void LogRefused(string peer, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer of '{Command}' cannot be sent: {Reason}")]
    private partial void LogTooLarge(string command, string reason);
}
