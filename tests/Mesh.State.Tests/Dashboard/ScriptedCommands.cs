using System.Runtime.CompilerServices;
using Mesh.Operations;
using Mesh.Seed.Dashboard;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mesh.State.Tests.Dashboard;

/// <summary>A palette "mesh" whose commands answer, fail or hang as a test says; remembers what it was asked.</summary>
internal sealed class ScriptedCommands : ICommandHandler
{
    private readonly Dictionary<string, Func<CommandCall, CancellationToken, IAsyncEnumerable<CommandOutput>>> _answers = [];

    public CommandPalette Palette { get; private set; } = new("mesh", "Of a test.", []);

    public List<CommandCall> Calls { get; } = [];

    public ScriptedCommands Serve(CommandDefinition definition, params CommandOutput[] answer) => Serve(definition, (_, _) => Tell(answer));

    public ScriptedCommands Serve(CommandDefinition definition, Func<CommandCall, CancellationToken, IAsyncEnumerable<CommandOutput>> answer)
    {
        Palette = Palette with { Commands = Palette.Commands.Add(definition) };
        _answers[definition.Name] = answer;
        return this;
    }

    public IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        Calls.Add(call);
        return _answers[call.Command](call, cancellation);
    }

    public ReadOnlyCommands Reader(DashboardOptions? options = null) =>
        new([this], options ?? new DashboardOptions("here", "127.0.0.1", 1), NullLogger<ReadOnlyCommands>.Instance);

    public static async IAsyncEnumerable<CommandOutput> Tell(params CommandOutput[] answer)
    {
        await Task.CompletedTask;
        foreach (var output in answer)
            yield return output;
    }

    /// <summary>Answers nothing until it is cancelled.</summary>
    public static async IAsyncEnumerable<CommandOutput> Hang([EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        yield break;
    }
}
