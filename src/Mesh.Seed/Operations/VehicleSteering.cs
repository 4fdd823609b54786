using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Akka.Actor;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Operations;

namespace Mesh.Seed.Operations;

/// <summary>What each vehicle of a command is to do.</summary>
/// <param name="Verb">For "2 of 3 vehicles did not …".</param>
/// <param name="Done">The outcome that is wanted.</param>
/// <param name="Limit">Of one vehicle; the messages are valid as long.</param>
/// <param name="Messages">For one vehicle, in their order; the next is sent once the last is answered.</param>
internal sealed record SteeringOrder(
    string Verb, string Done, TimeSpan Limit, Func<VehicleId, DateTimeOffset, ImmutableArray<IVehicleMessage>> Messages);

/// <summary>
/// Gives vehicles an order: so many at once, a row for each as it ends, and an error at the end if any did not do it, so that no
/// script and no audit log takes a refusal for success.
/// </summary>
internal sealed class VehicleSteering(Func<IVehicleMessage, TimeSpan, CancellationToken, Task<IMeshMessage>> ask, TimeProvider time)
{
    public const int AtOnce = 16;

    /// <summary>Vehicles that the error names; the rows have them all.</summary>
    private const int Named = 5;

    private sealed record Outcome(VehicleId Vehicle, string Word, string? Detail, TimeSpan Took)
    {
        public CommandOutput.Row Row =>
            CommandOutput.RowOf(JsonValue.Create(Vehicle.Value), JsonValue.Create(Word), Words.Text(Detail), Words.Milliseconds(Took));

        public override string ToString() => $"{Vehicle} {Word}: {Detail}";
    }

    /// <exception cref="CommandFailedException">After the rows: not every vehicle did it.</exception>
    public async IAsyncEnumerable<CommandOutput> RunAsync(
        IReadOnlyCollection<VehicleId> vehicles, SteeringOrder order, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return new CommandOutput.Table(["vehicle", "outcome", "detail", "took_ms"]);
        var waiting = new Queue<VehicleId>(vehicles);
        var running = new List<Task<Outcome>>(AtOnce);
        var failed = new List<Outcome>();
        while (waiting.Count > 0 || running.Count > 0)
        {
            while (running.Count < AtOnce && waiting.TryDequeue(out var next))
                running.Add(CommandAsync(next, order, cancellation));
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            var outcome = await ended;
            if (outcome.Word != order.Done)
                failed.Add(outcome);
            yield return outcome.Row;
        }

        if (failed.Count > 0)
            throw new CommandFailedException(
                $"{failed.Count} of {vehicles.Count} vehicles did not {order.Verb}: {string.Join("; ", failed.Take(Named))}"
                + (failed.Count > Named ? $"; and {failed.Count - Named} more" : ""));
    }

    private async Task<Outcome> CommandAsync(VehicleId vehicle, SteeringOrder order, CancellationToken cancellation)
    {
        var asked = time.GetTimestamp();
        var (word, detail) = (order.Done, (string?)null);
        try
        {
            foreach (var message in order.Messages(vehicle, time.GetUtcNow() + order.Limit))
            {
                var answer = await ask(message, order.Limit, cancellation);
                (word, detail) = answer switch
                {
                    VehicleDone => (order.Done, null),
                    VehicleRefused refused => ("refused", refused.Reason),
                    _ => ("refused", $"it answered with {answer.GetType().Name}: it runs another version"),
                };
                if (word != order.Done)
                    break;
            }
        }
        catch (AskTimeoutException)
        {
            (word, detail) = ("no_answer", $"nothing was heard within {order.Limit.TotalSeconds:0} s; the command is not valid any more, should it arrive later");
        }

        return new Outcome(vehicle, word, detail, time.GetElapsedTime(asked));
    }
}
