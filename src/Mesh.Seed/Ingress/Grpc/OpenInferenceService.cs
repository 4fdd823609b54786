using System.Globalization;
using Grpc.Core;
using Mesh.Messages;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using Microsoft.Extensions.Logging;

namespace Mesh.Seed.Ingress.Grpc;

/// <summary>The Open Inference Protocol v2 over gRPC. Only translates: <see cref="InferenceFrontEnd"/> does the work.</summary>
internal sealed partial class OpenInferenceService(
    ModelRepository repository,
    InferenceFrontEnd frontEnd,
    InferenceStatistics statistics,
    ClientKeys clients,
    IReadiness readiness,
    IngressOptions options,
    TimeProvider time,
    ILogger<OpenInferenceService> logger) : GRPCInferenceService.GRPCInferenceServiceBase
{
    private readonly ILogger _logger = logger;

    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerLiveResponse { Live = true });

    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = readiness.Report().IsReady });

    public override Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ModelReadyResponse
        {
            Ready = repository.Find(request.Name, request.Version)?.Model is { } model && readiness.CanServe(model.Reference, out _),
        });

    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse
        {
            Name = options.ServerName,
            Version = options.ServerVersion,
            Extensions = { Ingress.ServerMetadata.Extensions },
        });

    public override Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context) => Guard(context, () =>
    {
        var model = frontEnd.Find(request.Name, request.Version);
        return Task.FromResult(new ModelMetadataResponse
        {
            Name = model.Reference.Name,
            Versions = { Ingress.ServerMetadata.ReadyVersions(repository, model.Reference.Name) },
            Platform = Ingress.ServerMetadata.Platform,
            Inputs = { model.Inputs.Select(Describe) },
            Outputs = { model.Outputs.Select(Describe) },
        });
    });

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context) => Guard(context, async () =>
    {
        var model = frontEnd.Find(request.ModelName, request.ModelVersion);
        TimeSpan? left = context.Deadline == DateTime.MaxValue ? null : context.Deadline - time.GetUtcNow().UtcDateTime;
        var client = clients.Identify(context.RequestHeaders.GetValue("authorization"), context.RequestHeaders.GetValue("x-api-key"));
        var answer = await frontEnd.InferAsync(model, () => InferMapping.Read(request), client, left, context.CancellationToken);
        return answer.Outcome.Outcome == RequestOutcome.Ok ? InferMapping.Write(answer) : throw Error(answer.Outcome, context);
    });

    public override Task<RepositoryIndexResponse> RepositoryIndex(RepositoryIndexRequest request, ServerCallContext context) => Guard(context, () =>
    {
        if (request.RepositoryName.Length > 0)
            throw new RpcException(new Status(StatusCode.Unimplemented, $"repository_name '{request.RepositoryName}' is not supported: there is one repository, leave it empty"));
        var models = Ingress.ServerMetadata.Index(repository, request.Ready).Select(version => new RepositoryIndexResponse.Types.ModelIndex
        {
            Name = version.Name,
            Version = version.Version,
            State = version.State.ToString(),
            Reason = version.Reason,
        });
        return Task.FromResult(new RepositoryIndexResponse { Models = { models } });
    });

    public override Task<ModelStatisticsResponse> ModelStatistics(ModelStatisticsRequest request, ServerCallContext context) => Guard(context, () =>
    {
        var models = Ingress.ServerMetadata.StatisticsOf(repository, request.Name, request.Version);
        return Task.FromResult(new ModelStatisticsResponse { ModelStats = { models.Select(Describe) } });
    });

    /// <summary>Whatever goes wrong becomes the status that the protocol has for it.</summary>
    private async Task<T> Guard<T>(ServerCallContext context, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RequestRefusedException e)
        {
            throw Error(e);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(CancelledStatus(context, "the call was cancelled"));
        }
        catch (Exception e) when (e is not RpcException)
        {
            LogFailure(context.Method, e);
            throw new RpcException(new Status(StatusCode.Internal, "the server failed to handle the call; its log says why"));
        }
    }

    private static RpcException Error(RequestRefusedException refused) => refused.Refusal switch
    {
        Refusal.NotFound => new RpcException(new Status(StatusCode.NotFound, refused.Message)),
        Refusal.ModelUnavailable => new RpcException(new Status(StatusCode.Unavailable, refused.Message), RetryAfter(null)),
        Refusal.TooLarge => new RpcException(new Status(StatusCode.ResourceExhausted, refused.Message)),
        _ => new RpcException(new Status(StatusCode.InvalidArgument, refused.Message)),
    };

    private RpcException Error(InferenceOutcome outcome, ServerCallContext context) => outcome.Outcome switch
    {
        RequestOutcome.Invalid => new RpcException(new Status(StatusCode.InvalidArgument, outcome.Error)),
        RequestOutcome.Overloaded => new RpcException(new Status(StatusCode.ResourceExhausted, outcome.Error), RetryAfter(outcome.RetryAfter)),
        RequestOutcome.Unavailable => new RpcException(new Status(StatusCode.Unavailable, outcome.Error), RetryAfter(outcome.RetryAfter)),
        RequestOutcome.DeadlineExceeded => new RpcException(new Status(StatusCode.DeadlineExceeded, outcome.Error), outcome.RetryAfter is { } retry ? RetryAfter(retry) : []),
        RequestOutcome.Cancelled => new RpcException(CancelledStatus(context, outcome.Error)),
        RequestOutcome.Failed => new RpcException(new Status(StatusCode.Internal, outcome.Error)),
        _ => new RpcException(new Status(StatusCode.Unknown, outcome.Error)),
    };

    /// <summary>The server's library cancels a call at its deadline, too; the two must not be mixed up.</summary>
    private Status CancelledStatus(ServerCallContext context, string error) => context.Deadline <= time.GetUtcNow().UtcDateTime
        ? new Status(StatusCode.DeadlineExceeded, "the call's deadline passed")
        : new Status(StatusCode.Cancelled, error);

    private static Metadata RetryAfter(TimeSpan? retryAfter) =>
        new() { { "retry-after", RetryAdvice.Seconds(retryAfter).ToString(CultureInfo.InvariantCulture) } };

    private static ModelMetadataResponse.Types.TensorMetadata Describe(TensorSpec spec) =>
        new() { Name = spec.Name, Datatype = spec.Datatype.Name(), Shape = { spec.Shape } };

    private ModelStatistics Describe(ModelReference model)
    {
        var values = statistics.Of(model.Name, model.Version);
        return new ModelStatistics
        {
            Name = model.Name,
            Version = model.Version,
            LastInference = values.LastInference,
            InferenceCount = values.InferenceCount,
            ExecutionCount = values.ExecutionCount,
            InferenceStats = new InferStatistics
            {
                Success = Describe(values.Success),
                Fail = Describe(values.Fail),
                Queue = Describe(values.Queue),
                ComputeInput = Describe(values.ComputeInput),
                ComputeInfer = Describe(values.ComputeInfer),
                ComputeOutput = Describe(values.ComputeOutput),
                CacheHit = new StatisticDuration(),
                CacheMiss = new StatisticDuration(),
            },
        };
    }

    private static StatisticDuration Describe(DurationStatistic duration) => new() { Count = duration.Count, Ns = duration.Nanoseconds };
}
