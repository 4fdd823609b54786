using System.Diagnostics;

namespace Mesh.Demo;

/// <summary>Sends every request of the plan once, on time, at most <see cref="RunPlan.Burst"/> in flight.</summary>
internal sealed class PictureLoad(RunPlan plan, Tally tally, Func<int, CancellationToken, Task<PictureAnswer>> classify)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var slots = new SemaphoreSlim(RunPlan.Burst);
        var clock = Stopwatch.StartNew();
        var requests = new List<Task>(plan.Requests);
        for (var number = 0; number < plan.Requests; number++)
        {
            if (number == plan.PacedRequests)
                await plan.LastPart.WaitAsync(cancellation);
            else if (number < plan.PacedRequests && number % RunPlan.Burst == 0)
                await DelayUntilAsync(plan.Tick * (number / RunPlan.Burst));

            await slots.WaitAsync(cancellation);
            requests.Add(SendAsync(number));
            plan.Sent(number + 1);
        }

        await Task.WhenAll(requests);

        async Task DelayUntilAsync(TimeSpan due)
        {
            if (due > clock.Elapsed)
                await Task.Delay(due - clock.Elapsed, cancellation);
        }

        async Task SendAsync(int number)
        {
            try
            {
                tally.Add(await classify(number, cancellation));
            }
            finally
            {
                slots.Release();
            }
        }
    }
}
