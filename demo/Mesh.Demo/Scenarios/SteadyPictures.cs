namespace Mesh.Demo.Scenarios;

/// <summary>A few pictures a second, one request each, until it is told to stop; each request that was sent is followed to its end.</summary>
internal sealed class SteadyPictures(Tally tally, Func<int, CancellationToken, Task<PictureAnswer>> classify)
{
    private const int MaxInFlight = 32;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(200);

    /// <returns>Requests sent.</returns>
    /// <param name="until">Ends the load; those in flight are awaited.</param>
    /// <param name="stop">Cancels those in flight.</param>
    public async Task<int> RunAsync(CancellationToken until, CancellationToken stop)
    {
        using var slots = new SemaphoreSlim(MaxInFlight);
        using var pace = new PeriodicTimer(Pace);
        var requests = new List<Task>();
        try
        {
            while (await pace.WaitForNextTickAsync(until))
            {
                await slots.WaitAsync(until);
                requests.Add(SendAsync(requests.Count));
            }
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            // Its end.
        }

        await Task.WhenAll(requests);
        return requests.Count;

        async Task SendAsync(int number)
        {
            try
            {
                tally.Add(await classify(number, stop));
            }
            finally
            {
                slots.Release();
            }
        }
    }
}
