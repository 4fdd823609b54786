using Mesh.Demo.Processes;

namespace Mesh.Demo;

/// <summary>How one vehicle left and came back.</summary>
/// <param name="Left">As meant: a drained vehicle that had to be killed has not.</param>
/// <param name="Problem">Null when it rejoined.</param>
/// <param name="AnswersBefore">Its answers until it rejoined, so that those after it can be told.</param>
internal sealed record Departure(string Vehicle, bool Drained, bool Left, string? Problem, int AnswersBefore);

/// <summary>
/// Takes two vehicles out of the running mesh and brings them back: one killed, one drained, each time the one that has
/// answered most, because it is the one most likely to have requests in flight.
/// </summary>
internal sealed class Churn(DemoMesh mesh, RunPlan plan, Tally tally)
{
    private static readonly TimeSpan Away = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns once both are back or were given up; the last part of the load goes out then.</summary>
    public async Task<IReadOnlyList<Departure>> RunAsync(CancellationToken cancellation)
    {
        Task<Departure>? killed = null;
        try
        {
            await plan.KillDue.WaitAsync(cancellation);
            var first = Busiest(mesh.Vehicles);
            await mesh.KillAsync(first);
            killed = ReturnAsync(first, drained: false, left: true, cancellation);

            await plan.DrainDue.WaitAsync(cancellation);
            // With two vehicles the other one must be back before this one goes, or nobody is left to answer.
            if (mesh.Vehicles.Count == 2)
                await killed;
            var second = Busiest(mesh.Vehicles.Where(vehicle => vehicle != first));
            var left = await mesh.DrainAsync(second);
            return await Task.WhenAll(killed, ReturnAsync(second, drained: true, left, cancellation));
        }
        finally
        {
            plan.StartLastPart();
            // Nothing may be started any more once this has returned.
            await ((Task?)killed ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private DemoVehicle Busiest(IEnumerable<DemoVehicle> vehicles) => vehicles.MaxBy(vehicle => tally.AnsweredBy(vehicle.Id))!;

    private async Task<Departure> ReturnAsync(DemoVehicle vehicle, bool drained, bool left, CancellationToken cancellation)
    {
        string? problem = null;
        try
        {
            await Task.Delay(Away, cancellation);
            await mesh.RejoinAsync(vehicle, cancellation);
        }
        catch (Exception exception) when (exception is TimeoutException or ProcessExitedException)
        {
            problem = exception.Message;
        }

        return new Departure(vehicle.Id, drained, left, problem, tally.AnsweredBy(vehicle.Id));
    }
}
