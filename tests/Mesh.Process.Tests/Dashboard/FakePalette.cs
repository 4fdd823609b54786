using System.Runtime.CompilerServices;
using Mesh.Operations;

namespace Mesh.Process.Tests.Dashboard;

/// <summary>Commands that answer what a test says.</summary>
internal sealed class FakePalette(string name) : ICommandHandler
{
    private readonly Dictionary<string, Func<CommandCall, IEnumerable<CommandOutput>>> _answers = [];

    public CommandPalette Palette { get; private set; } = new(name, "Of a test.", []);

    /// <summary>A function that throws <see cref="CommandFailedException"/> fails as a real command does.</summary>
    public FakePalette Serve(CommandDefinition definition, Func<CommandCall, IEnumerable<CommandOutput>> answer)
    {
        Palette = Palette with { Commands = Palette.Commands.Add(definition) };
        _answers[definition.Name] = answer;
        return this;
    }

    public async IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (var output in _answers[call.Command](call))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return output;
        }
    }
}
