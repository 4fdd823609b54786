using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>
/// Runs operators' commands: reads the words, asks for a confirmation, writes the audit log, finds the handler and holds it to
/// its time. Knows nothing of how a command travels.
/// </summary>
public sealed partial class CommandRunner
{
    /// <summary>Commands that run at once; one more is refused.</summary>
    public const int MaxCommands = 32;

    /// <summary>Of those, the ones that are endless: room is left for the others.</summary>
    public const int MaxEndless = 16;

    /// <summary>How long a command that is not endless may take, unless its definition says otherwise.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, ICommandHandler> _handlers;
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly ILogger<CommandRunner> _logger;
    private int _running;
    private int _endless;

    /// <exception cref="InvalidOperationException">The handlers' palettes cannot be told apart; the message tells all problems.</exception>
    public CommandRunner(IEnumerable<ICommandHandler> handlers, AuditLog audit, TimeProvider time, ILogger<CommandRunner> logger)
    {
        (_audit, _time, _logger) = (audit, time, logger);
        var all = handlers.ToList();
        Palettes = [.. all.Select(handler => handler.Palette).OrderBy(palette => palette.Name, StringComparer.Ordinal)];
        var problems = PaletteRules.Problems(Palettes);
        if (problems.Count > 0)
            throw new InvalidOperationException($"The commands cannot be served: {string.Join("; ", problems)}");
        _handlers = all.ToDictionary(handler => handler.Palette.Name, StringComparer.Ordinal);
    }

    public ImmutableArray<CommandPalette> Palettes { get; }

    /// <exception cref="CommandRefusedException">It does not run, or ends before its answer does.</exception>
    public async IAsyncEnumerable<CommandOutput> RunAsync(CommandRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        switch (CommandGrammar.Read(request.Words, Palettes))
        {
            case CommandReading.Wrong wrong:
                throw new CommandRefusedException(CommandRefusal.Wrong, string.Join('\n', wrong.Errors));
            case CommandReading.Help help:
                foreach (var line in help.Text.TrimEnd('\n').Split('\n'))
                    yield return new CommandOutput.Line(line);
                yield break;
            case CommandReading.Command command:
                if (command.Definition.IsDestructive && !request.IsConfirmed)
                    throw new CommandRefusedException(
                        CommandRefusal.Unconfirmed, $"'{command.ToLine()}' takes away what does not come back by itself: confirm it (--yes)");
                await foreach (var output in RunCountedAsync(command, request, cancellation))
                    yield return output;
                break;
        }
    }

    private async IAsyncEnumerable<CommandOutput> RunCountedAsync(
        CommandReading.Command command, CommandRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var running = Interlocked.Increment(ref _running);
        var endless = command.Definition.IsEndless ? Interlocked.Increment(ref _endless) : 0;
        try
        {
            if (running > MaxCommands || endless > MaxEndless)
                throw new CommandRefusedException(
                    CommandRefusal.Busy,
                    $"so many commands run here already, {MaxCommands} or {MaxEndless} endless ones: stop one, or try again later");
            var answer = command.Changes ? RunAuditedAsync(command, request, cancellation) : AnswerAsync(command, request, cancellation);
            await foreach (var output in answer)
                yield return output;
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            if (endless > 0)
                Interlocked.Decrement(ref _endless);
        }
    }

    private async IAsyncEnumerable<CommandOutput> RunAuditedAsync(
        CommandReading.Command command, CommandRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var id = BeginAudit(command, request);
        // Also when whoever reads the answer stops reading.
        var (outcome, reason) = ("cancelled", (string?)null);
        try
        {
            await using var answer = AnswerAsync(command, request, cancellation).GetAsyncEnumerator(cancellation);
            while (true)
            {
                try
                {
                    if (!await answer.MoveNextAsync())
                        break;
                }
                catch (CommandRefusedException e) when (e.Refusal != CommandRefusal.Cancelled)
                {
                    (outcome, reason) = (OutcomeOf(e.Refusal), e.Message);
                    throw;
                }

                yield return answer.Current;
            }

            outcome = "done";
        }
        finally
        {
            _audit.End(id, outcome, reason);
        }
    }

    /// <summary>What the handler answers, held to its time, its exceptions told as refusals.</summary>
    private async IAsyncEnumerable<CommandOutput> AnswerAsync(
        CommandReading.Command command, CommandRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(LimitOf(command.Definition), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        await using var answer = HandleAsync(either.Token).GetAsyncEnumerator(either.Token);
        while (true)
        {
            try
            {
                if (!await answer.MoveNextAsync())
                    yield break;
            }
            catch (Exception e)
            {
                throw RefusalOf(e, command, cancellation, limit.Token);
            }

            yield return answer.Current;
        }

        // An iterator, so that what a handler throws before its first piece comes from there too.
        async IAsyncEnumerable<CommandOutput> HandleAsync([EnumeratorCancellation] CancellationToken token)
        {
            await foreach (var output in _handlers[command.Palette.Name].RunAsync(command.By(request.Operator), token))
                yield return output;
        }
    }

    private static TimeSpan LimitOf(CommandDefinition definition) => definition.IsEndless ? Timeout.InfiniteTimeSpan : definition.Limit ?? Limit;

    private string BeginAudit(CommandReading.Command command, CommandRequest request)
    {
        try
        {
            var line = command.ToLine();
            var id = _audit.Begin(request.Operator, request.Peer, line);
            LogChange(line, request.Operator, request.Peer);
            return id;
        }
        catch (IOException e)
        {
            throw new CommandRefusedException(
                CommandRefusal.Failed, $"the audit log cannot be written, and nothing changes without: {e.Message}");
        }
    }

    private static string OutcomeOf(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.Late => "too late",
        // Nothing was done here; the host that does it has a line of its own.
        CommandRefusal.Referred => "referred",
        _ => "failed",
    };

    private CommandRefusedException RefusalOf(
        Exception exception, CommandReading.Command command, CancellationToken cancellation, CancellationToken limit)
    {
        switch (exception)
        {
            case CommandFailedException failed:
                return new CommandRefusedException(CommandRefusal.Failed, failed.Message);
            case CommandReferredException referred:
                return new CommandRefusedException(CommandRefusal.Referred, referred.Message) { Referral = referred.Referral };
            case OperationCanceledException when cancellation.IsCancellationRequested:
                return new CommandRefusedException(CommandRefusal.Cancelled, "the operator does not wait any more");
            case OperationCanceledException when limit.IsCancellationRequested:
                return new CommandRefusedException(CommandRefusal.Late, $"'{command.ToLine()}' took longer than {LimitOf(command.Definition).TotalSeconds:0} s");
            default:
                var line = command.ToLine();
                LogFailed(exception, line);
                return new CommandRefusedException(CommandRefusal.Broken, $"'{line}' failed; the log of this host says why");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Operator {Operator} at {Peer}: {Command}")]
    private partial void LogChange(string command, string @operator, string peer);

    [LoggerMessage(Level = LogLevel.Error, Message = "An operator's command failed: {Command}")]
    private partial void LogFailed(Exception exception, string command);
}
