using Microsoft.AspNetCore.Routing.Matching;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mesh.Seed.Hosting;

/// <summary>
/// One of the seed's ports. Endpoints are bound to one, so that e.g. the vehicles' work stream is not reachable on the
/// clients' port, whatever a request claims in its Host header.
/// </summary>
public sealed record Listener(string Name)
{
    public static Listener Http { get; } = new("http");

    public static Listener Grpc { get; } = new("grpc");

    public static Listener Metrics { get; } = new("metrics");

    public static Listener Work { get; } = new("work");
}

/// <summary>Listening, and binding endpoints to ports.</summary>
public static class ListenerExtensions
{
    public static void Mark(this ListenOptions options, Listener listener) =>
        options.Use(next => connection =>
        {
            connection.Features.Set(listener);
            return next(connection);
        });

    public static TBuilder On<TBuilder>(this TBuilder endpoints, Listener listener) where TBuilder : IEndpointConventionBuilder
    {
        endpoints.WithMetadata(listener);
        return endpoints;
    }
}

/// <summary>Takes endpoints of other ports out of the choice.</summary>
internal sealed class ListenerMatcherPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => -900;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<Listener>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        var here = httpContext.Features.Get<Listener>();
        for (var i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i)
                && candidates[i].Endpoint.Metadata.GetMetadata<Listener>() is { } bound
                && bound != here)
                candidates.SetValidity(i, false);
        }

        return Task.CompletedTask;
    }
}
