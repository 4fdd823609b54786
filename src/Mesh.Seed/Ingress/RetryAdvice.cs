namespace Mesh.Seed.Ingress;

/// <summary>When a client should try again, as both protocols tell it.</summary>
internal static class RetryAdvice
{
    /// <summary>Whole seconds, at least one.</summary>
    public static long Seconds(TimeSpan? retryAfter) =>
        Math.Max(1, (long)Math.Ceiling((retryAfter ?? TimeSpan.Zero).TotalSeconds));
}
