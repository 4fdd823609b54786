using Mesh.Operations;

namespace Mesh.Pbm.Rendering;

/// <summary>Writes an answer as it comes.</summary>
internal interface IAnswerPrinter
{
    void Write(CommandOutput output);

    /// <summary>Nothing more comes, now or because it failed.</summary>
    void End();
}
