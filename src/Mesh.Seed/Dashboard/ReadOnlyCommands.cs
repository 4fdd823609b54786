using System.Text.Json.Nodes;
using Mesh.Operations;

namespace Mesh.Seed.Dashboard;

/// <summary>
/// The operators' commands as the page may use them: what changes something or never ends is out of its reach, whoever asks.
/// The answers are JSON: <c>{"tables": [{"columns": […], "rows": [[…]], "omitted": 0}], "documents": […], "lines": […]}</c>, or
/// <c>{"error": "…"}</c>.
/// </summary>
internal sealed partial class ReadOnlyCommands(IEnumerable<ICommandHandler> handlers, DashboardOptions options, ILogger<ReadOnlyCommands> logger)
{
    /// <summary>Whom handlers are told that the page is.</summary>
    private const string Operator = "web page";

    private readonly ICommandHandler[] _handlers = [.. handlers];
    private readonly ILogger _logger = logger;

    public async Task<string> AskAsync(Question question, CancellationToken cancellation)
    {
        var words = question.Words;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.CommandLimit);
        try
        {
            return await AnswerAsync(question, limit.Token);
        }
        catch (CommandFailedException e)
        {
            return Error(e.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Error($"'{words}' did not answer within {options.CommandLimit.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailure(words, e);
            return Error($"'{words}' failed; the seed's log says why");
        }
    }

    public static string Error(string message) => new JsonObject { ["error"] = message }.ToJsonString();

    private async Task<string> AnswerAsync(Question question, CancellationToken cancellation)
    {
        var (handler, definition) = Find(question.Words);
        var answer = new CommandAnswer(options.MaxRows, question.Summarize?.Invoke());
        await foreach (var output in handler.RunAsync(CallOf(definition, question), cancellation).WithCancellation(cancellation))
            answer.Add(output);
        return answer.ToJson();
    }

    private (ICommandHandler Handler, CommandDefinition Definition) Find(string words)
    {
        var space = words.IndexOf(' ', StringComparison.Ordinal);
        var (palette, command) = (words[..space], words[(space + 1)..]);
        foreach (var handler in _handlers.Where(handler => handler.Palette.Name == palette))
        {
            if (handler.Palette.Find(command) is not { } definition)
                continue;
            // Not only a matter of what the page asks for today: no mistake in it may ever drain a car.
            if (definition.Changes || definition.IsDestructive || definition.IsEndless)
                throw new CommandFailedException($"'{words}' is not one that only looks: use pbm");
            return (handler, definition);
        }

        throw new CommandFailedException($"this seed has no command '{words}'");
    }

    private static CommandCall CallOf(CommandDefinition definition, Question question)
    {
        var arguments = definition.Arguments.Where(argument => argument.Default is not null)
            .ToDictionary(argument => argument.Name, argument => argument.Default!);
        foreach (var (name, value) in question.Options.Where(option => definition.Arguments.Any(argument => argument.Name == option.Key)))
            arguments[name] = value;
        if (question.Subject is { } subject)
        {
            var first = definition.Arguments.FirstOrDefault(argument => argument.Kind == ArgumentKind.Positional)
                ?? throw new CommandFailedException($"'{definition.Name}' takes no argument");
            arguments[first.Name] = subject;
        }

        return new CommandCall(definition.Name, arguments, Operator);
    }
}
