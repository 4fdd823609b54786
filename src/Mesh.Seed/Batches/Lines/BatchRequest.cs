using Mesh.Seed.Ingress;
using Mesh.Seed.Ingress.Rest;
using Mesh.Seed.Models;
using Mesh.Seed.Routing;
using static Mesh.Seed.Ingress.RequestRefusedException;

namespace Mesh.Seed.Batches.Lines;

/// <summary>A line's request, read and held against its model.</summary>
internal sealed record BatchCall(InferRequest Request, InferenceCall Call);

/// <summary>Reads the body of a line as <c>POST …/infer</c> reads its own, but for binary data, which a line has no place for.</summary>
internal static class BatchRequest
{
    /// <param name="body">Of a <see cref="BatchLine"/>; not used after the call.</param>
    /// <exception cref="RequestRefusedException">What the endpoint would have refused too.</exception>
    public static BatchCall Read(ServedModel model, ReadOnlyMemory<byte> body, TimeSpan defaultTimeout)
    {
        var request = InferRequestReader.Read(body, body.Length);
        if (Array.IndexOf(OutputForms.Read(model, request), true) >= 0)
            throw Invalid("a batch answers in JSON alone: leave out parameters 'binary_data' and 'binary_data_output'");
        return new BatchCall(request, RequestValidation.Validate(model, request, defaultTimeout));
    }
}
