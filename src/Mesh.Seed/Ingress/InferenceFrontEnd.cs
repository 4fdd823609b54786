using Mesh.Messages;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Ingress;

/// <summary>
/// The one way from an ingress to the gateway: looks up the model, checks the request, asks the gateway, checks the
/// vehicle's answer and counts. REST and gRPC only translate.
/// </summary>
public sealed partial class InferenceFrontEnd(
    ModelRepository repository,
    IInferenceGateway gateway,
    InferenceStatistics statistics,
    IngressOptions options,
    TimeProvider time,
    ILogger<InferenceFrontEnd> logger)
{
    /// <summary>A version that can serve; without <paramref name="version"/> the newest such.</summary>
    /// <exception cref="RequestRefusedException">Unknown, or not READY.</exception>
    public ServedModel Find(string name, string? version)
    {
        var found = repository.Find(name, version) ?? throw new RequestRefusedException(
            Refusal.NotFound,
            repository.Find(name) is null ? $"model '{name}' is not known" : $"model '{name}' has no version '{version}'");
        return found.Model ?? throw new RequestRefusedException(
            Refusal.ModelUnavailable, $"model '{name}' version {found.Version} is not ready: {found.Reason}");
    }

    /// <summary>
    /// Reads, checks and runs a request. Every request for a known model is counted, however it ends.
    /// </summary>
    /// <param name="read">Reads the request off the wire's form; its time counts as compute_input.</param>
    /// <param name="client">Whose share of the queue it counts for; see <see cref="ClientKeys"/>.</param>
    /// <param name="deadline">Time left by the transport's own deadline; null = it has none.</param>
    /// <exception cref="RequestRefusedException">The request is not well formed or does not fit the model.</exception>
    internal async Task<InferenceAnswer> InferAsync(
        ServedModel model, Func<InferRequest> read, ulong client, TimeSpan? deadline, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var succeeded = false;
        try
        {
            var request = read();
            var call = RequestValidation.Validate(model, request, options.DefaultTimeout, options.Region) with { Client = client };
            if (deadline < call.Budget)
                call = call with { Budget = deadline.Value };
            var input = time.GetElapsedTime(started);
            var outcome = call.Budget > TimeSpan.Zero ? await gateway.InferAsync(call, cancellation) : Expired;
            var answered = time.GetTimestamp();
            var wanted = AnswerCheck.Wanted(model, call.Outputs);
            if (outcome.Outcome == RequestOutcome.Ok && AnswerCheck.Problem(wanted, outcome.Outputs) is { } problem)
                outcome = Untrusted(outcome, problem);
            succeeded = outcome.Outcome == RequestOutcome.Ok;
            if (logger.IsEnabled(LogLevel.Debug))
                LogRequest(logger, model.Reference, outcome.Outcome, outcome.Vehicle?.Value, outcome.Attempts, time.GetElapsedTime(started).TotalMilliseconds);
            if (succeeded)
                Count(model, call, outcome, started, input, time.GetElapsedTime(answered));
            return new InferenceAnswer(model, request, wanted, outcome);
        }
        finally
        {
            if (!succeeded)
                statistics.Failed(model.Reference.Name, model.Reference.Version, time.GetElapsedTime(started));
        }
    }

    private static InferenceOutcome Expired { get; } =
        new(RequestOutcome.DeadlineExceeded, "the deadline had passed before the request arrived", [], null, null, 0, default);

    private static InferenceOutcome Untrusted(InferenceOutcome outcome, string problem) => outcome with
    {
        Outcome = RequestOutcome.Failed,
        Error = $"vehicle {outcome.Vehicle} answered with tensors that do not fit the model: {problem}",
        Outputs = [],
    };

    private void Count(ServedModel model, InferenceCall call, InferenceOutcome outcome, long started, TimeSpan input, TimeSpan output)
    {
        var durations = new RequestDurations(
            time.GetElapsedTime(started), outcome.Queue, input, outcome.Timings.Infer, output);
        statistics.Succeeded(model.Reference.Name, model.Reference.Version, Items(model, call), time.GetUtcNow(), durations);
    }

    /// <summary>The batch, where the model leaves its first dimension open; a fixed one is part of a single item.</summary>
    private static long Items(ServedModel model, InferenceCall call) =>
        model.Inputs is [{ Shape: [-1, ..] }, ..] ? call.Inputs[0].Shape[0] : 1;
}

/// <summary>How a request ended, with what the ingress needs to write it.</summary>
/// <param name="Outputs">Specs of the wanted outputs, in the order of the outcome's.</param>
internal sealed record InferenceAnswer(
    ServedModel Model, InferRequest Request, IReadOnlyList<TensorSpec> Outputs, InferenceOutcome Outcome);
