namespace Mesh.Seed.Batches.Api;

/// <summary>A call of the Files or Batches API that is refused; becomes OpenAI's error object.</summary>
/// <param name="code">For programs; null = none.</param>
/// <param name="param">The field at fault; null = none.</param>
internal sealed class ApiRefusedException(int status, string message, string? code = null, string? param = null) : Exception(message)
{
    public int Status { get; } = status;

    public string? Code { get; } = code;

    public string? Param { get; } = param;

    public static ApiRefusedException Invalid(string message, string? param, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, code, param);

    public static ApiRefusedException Missing(string param) =>
        Invalid($"'{param}' is missing", param, "missing_required_parameter");

    public static ApiRefusedException Unknown(string param) =>
        Invalid($"'{param}' is not a parameter of this call", param, "unknown_parameter");
}
