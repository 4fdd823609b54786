using Mesh.Operations;

namespace Mesh.Hosting.Operations;

/// <summary>One answer of a handler, held to its time also where the handler does not hold itself to it.</summary>
internal sealed class HandlerRun : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;
    private readonly IAsyncEnumerator<CommandOutput> _answer;
    private Task<bool> _move = Task.FromResult(true);
    private bool _isTold = true;

    /// <param name="begin">Called at the first move, with what cancels it.</param>
    /// <param name="limit">Cancelled after it, by the clock.</param>
    /// <param name="cancellation">The operator does not wait any more.</param>
    public HandlerRun(Func<CancellationToken, IAsyncEnumerable<CommandOutput>> begin, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _limit = new CancellationTokenSource(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _limit.Token);
        (Limit, Ending) = (_limit.Token, _either.Token);
        _answer = HandleAsync(begin, Ending).GetAsyncEnumerator(Ending);
    }

    /// <summary>Its time is over.</summary>
    public CancellationToken Limit { get; }

    /// <summary>Its time is over, or nobody waits any more.</summary>
    public CancellationToken Ending { get; }

    public CommandOutput Current => _answer.Current;

    /// <exception cref="OperationCanceledException">It is to end, whatever the handler does about that.</exception>
    public async Task<bool> MoveNextAsync()
    {
        Ending.ThrowIfCancellationRequested();
        // Apart, since a handler may also hold the thread that it is called on.
        (_move, _isTold) = (Task.Run(() => _answer.MoveNextAsync().AsTask(), CancellationToken.None), false);
        try
        {
            return await _move.WaitAsync(Ending);
        }
        finally
        {
            _isTold = _move.IsCompleted;
        }
    }

    /// <summary>What it threw when nobody listened any more; once it is disposed.</summary>
    public Exception? Unheard { get; private set; }

    /// <summary>Completes once the handler has really ended, and throws nothing. No move after it.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _move;
        }
        catch (Exception e)
        {
            Unheard = _isTold || e is OperationCanceledException ? null : e;
        }

        try
        {
            await _answer.DisposeAsync();
        }
        catch (Exception e)
        {
            Unheard ??= e is OperationCanceledException ? null : e;
        }

        _either.Dispose();
        _limit.Dispose();
    }

    // An iterator, so that what a handler throws before its first piece comes from there too.
    private static async IAsyncEnumerable<CommandOutput> HandleAsync(
        Func<CancellationToken, IAsyncEnumerable<CommandOutput>> begin,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var output in begin(cancellation).WithCancellation(cancellation))
            yield return output;
    }
}
