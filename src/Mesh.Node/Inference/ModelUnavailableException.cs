namespace Mesh.Node.Inference;

/// <summary>This vehicle cannot bring a model into use. The message is the reason, for people.</summary>
public sealed class ModelUnavailableException : Exception
{
    public ModelUnavailableException(string message)
        : base(message)
    {
    }

    public ModelUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
