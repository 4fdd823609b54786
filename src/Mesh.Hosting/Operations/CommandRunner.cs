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

    /// <summary>How long a handler may take to end once it is told to, before it is left to itself.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    /// <summary>A person waits with a finger on the key: what is not known by then is not offered.</summary>
    public static readonly TimeSpan CompletionLimit = TimeSpan.FromSeconds(1);

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

    /// <summary>
    /// Values that a begun word may become, which only a handler knows: in order, at most <see cref="OperationsLimits.Candidates"/>.
    /// None where there are none, or they cannot be told soon: Tab is no place for errors.
    /// </summary>
    /// <param name="words">The finished words before it.</param>
    public async Task<ImmutableArray<string>> CompleteAsync(IReadOnlyList<string> words, string begun, CancellationToken cancellation)
    {
        if (words.Count > OperationsLimits.Words || words.Sum(word => (long)word.Length + 1) + begun.Length > OperationsLimits.LineLength
            || Completion.ValueOf(words, begun, Palettes) is not { Argument.Completes.Length: > 0 } value
            || _handlers[value.Palette.Name] is not ICompletionSource source)
            return [];
        var ended = new HandlerEnd();
        try
        {
            if (Interlocked.Increment(ref _running) > MaxCommands)
                return [];
            var asking = AskAsync(source, value, cancellation);
            ended.Task = asking;
            return await asking.WaitAsync(CompletionLimit, _time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return [];
        }
        finally
        {
            _ = LeaveAsync(ended, isEndless: false);
        }
    }

    /// <summary>Throws nothing.</summary>
    private async Task<ImmutableArray<string>> AskAsync(ICompletionSource source, BegunValue value, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(CompletionLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            var sought = new SoughtValue(value.Command.Name, value.Argument.Name, value.Argument.Completes, value.Begun);
            var known = await Task.Run(() => source.CompleteAsync(sought, either.Token), either.Token);
            return
            [
                .. known.Where(text => text.StartsWith(value.Begun, StringComparison.Ordinal) && PaletteRules.IsCandidate(text))
                    .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(OperationsLimits.Candidates),
            ];
        }
        catch (Exception e)
        {
            if (e is not (CommandFailedException or OperationCanceledException))
                LogNotCompleted(e, value.Palette.Name, value.Command.Name, value.Argument.Name);
            return [];
        }
    }

    private async IAsyncEnumerable<CommandOutput> RunCountedAsync(
        CommandReading.Command command, CommandRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var running = Interlocked.Increment(ref _running);
        var endless = command.Definition.IsEndless ? Interlocked.Increment(ref _endless) : 0;
        var ended = new HandlerEnd();
        try
        {
            if (running > MaxCommands || endless > MaxEndless)
                throw new CommandRefusedException(
                    CommandRefusal.Busy,
                    $"so many commands run here already, {MaxCommands} or {MaxEndless} endless ones: stop one, or try again later");
            var answer = command.Changes ? RunAuditedAsync(command, request, ended, cancellation) : AnswerAsync(command, request, ended, cancellation);
            await foreach (var output in answer)
                yield return output;
        }
        finally
        {
            _ = LeaveAsync(ended, endless > 0);
        }
    }

    /// <summary>Gives the place back when the handler has really ended, so that the bound holds for those that run on, too.</summary>
    private async Task LeaveAsync(HandlerEnd ended, bool isEndless)
    {
        await ended.Task;
        Interlocked.Decrement(ref _running);
        if (isEndless)
            Interlocked.Decrement(ref _endless);
    }

    private async IAsyncEnumerable<CommandOutput> RunAuditedAsync(
        CommandReading.Command command, CommandRequest request, HandlerEnd ended, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var id = BeginAudit(command, request);
        // Also when whoever reads the answer stops reading.
        var (outcome, reason) = ("cancelled", (string?)null);
        try
        {
            await using var answer = AnswerAsync(command, request, ended, cancellation).GetAsyncEnumerator(cancellation);
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
        CommandReading.Command command, CommandRequest request, HandlerEnd ended, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var run = new HandlerRun(
            token => _handlers[command.Palette.Name].RunAsync(command.By(request.Operator), token), LimitOf(command.Definition), _time, cancellation);
        try
        {
            while (true)
            {
                try
                {
                    if (!await run.MoveNextAsync())
                        yield break;
                }
                catch (Exception e)
                {
                    throw RefusalOf(e, command, cancellation, run.Limit);
                }

                yield return run.Current;
            }
        }
        finally
        {
            ended.Task = EndAsync(run, command);
            await WaitAsync(ended.Task, command);
        }
    }

    /// <summary>One that goes on beyond it keeps nobody waiting, only its place.</summary>
    private async Task WaitAsync(Task ended, CommandReading.Command command)
    {
        try
        {
            await ended.WaitAsync(Grace, _time);
        }
        catch (TimeoutException)
        {
            var line = command.ToLine();
            LogStray(line, Grace.TotalSeconds);
        }
    }

    private async Task EndAsync(HandlerRun run, CommandReading.Command command)
    {
        var asked = _time.GetTimestamp();
        await run.DisposeAsync();
        var (took, line) = (_time.GetElapsedTime(asked), command.ToLine());
        if (took >= Grace)
            LogStrayEnded(line, took.TotalSeconds);
        if (run.Unheard is { } unheard)
            LogFailed(unheard, line);
    }

    /// <summary>Completed once the handler of a command has ended; at once where it never began.</summary>
    private sealed class HandlerEnd
    {
        public Task Task { get; set; } = Task.CompletedTask;
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
                var (late, seconds) = (command.ToLine(), LimitOf(command.Definition).TotalSeconds);
                LogLate(late, seconds);
                return new CommandRefusedException(CommandRefusal.Late, $"'{late}' took longer than {seconds:0} s");
            default:
                var line = command.ToLine();
                LogFailed(exception, line);
                return new CommandRefusedException(CommandRefusal.Broken, $"'{line}' failed; the log of this host says why");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Operator {Operator} at {Peer}: {Command}")]
    private partial void LogChange(string command, string @operator, string peer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The values of {Argument} of '{Palette} {Command}' cannot be offered for completion")]
    private partial void LogNotCompleted(Exception exception, string palette, string command, string argument);

    [LoggerMessage(Level = LogLevel.Error, Message = "An operator's command failed: {Command}")]
    private partial void LogFailed(Exception exception, string command);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An operator's command was ended after its limit of {Seconds} s: {Command}")]
    private partial void LogLate(string command, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "A command's handler has not ended {Seconds} s after it was told to, and keeps one of the places of commands until it does: {Command}")]
    private partial void LogStray(string command, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A command's handler has ended {Seconds} s after it was told to: {Command}")]
    private partial void LogStrayEnded(string command, double seconds);
}
