namespace Mesh.Seed.Ingress;

/// <summary>Why the ingress itself refused a request.</summary>
public enum Refusal
{
    /// <summary>HTTP 400, gRPC INVALID_ARGUMENT.</summary>
    Invalid,

    /// <summary>HTTP 404, gRPC NOT_FOUND.</summary>
    NotFound,

    /// <summary>The model's artifact or configuration is broken. HTTP 503, gRPC UNAVAILABLE.</summary>
    ModelUnavailable,

    /// <summary>HTTP 413, gRPC RESOURCE_EXHAUSTED.</summary>
    TooLarge,

    /// <summary>The body's coding is not understood. HTTP 415.</summary>
    UnsupportedCoding,
}

/// <summary>A request that never reached the gateway; the message is for the client.</summary>
public sealed class RequestRefusedException(Refusal refusal, string message) : Exception(message)
{
    public Refusal Refusal { get; } = refusal;

    public static RequestRefusedException Invalid(string message) => new(Refusal.Invalid, message);
}
