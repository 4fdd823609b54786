using System.Security.Cryptography;
using Akka.Actor;
using Mesh.Messages.Control;

namespace Mesh.Seed.Batches;

/// <summary>
/// Asks the JobRouter singleton, wherever it is. A question without an answer is asked again until the time limit: it does
/// nothing twice, because ids are made here.
/// </summary>
/// <param name="router">The singleton's proxy; asked for at each call, because the seed starts later than its services.</param>
public sealed class BatchDirectory(Func<IActorRef> router, TimeProvider time) : IBatchDirectory
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

    /// <summary>A fail-over takes longer: then the client comes again (503).</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(8);

    public Task CheckRoomAsync(CancellationToken cancellation) => AskAsync<FileAnswer>(new CheckRoom(), cancellation);

    public async Task<FileEntry> AddFileAsync(FileEntry file, CancellationToken cancellation) =>
        (await AskAsync<FileAnswer>(new AddFile(file), cancellation)).File!;

    public async Task<FileEntry?> FindFileAsync(string id, CancellationToken cancellation) =>
        (await AskAsync<FileAnswer>(new GetFile(id), cancellation)).File;

    public async Task<Page<FileEntry>> ListFilesAsync(
        string? purpose, string? after, int limit, bool ascending, CancellationToken cancellation)
    {
        // A page of the API takes several messages when it is large.
        var files = new List<FileEntry>();
        var more = true;
        while (more && files.Count < limit)
        {
            var start = files.Count > 0 ? files[^1].Id : after;
            var page = await AskAsync<FilePage>(new ListFiles(purpose, start, limit - files.Count, ascending), cancellation);
            files.AddRange(page.Files);
            more = page.HasMore;
        }

        return new Page<FileEntry>(files, more);
    }

    public async Task<bool> DeleteFileAsync(string id, CancellationToken cancellation)
    {
        if (await FindFileAsync(id, cancellation) is null)
            return false;
        // It may be gone already because the first answer was lost.
        await AskAsync<FileAnswer>(new RemoveFile(id), cancellation);
        return true;
    }

    public async Task<BatchEntry> CreateBatchAsync(NewBatch batch, CancellationToken cancellation) =>
        (await AskAsync<BatchAnswer>(
            new CreateBatch("batch_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), batch), cancellation)).Batch!;

    public async Task<BatchEntry?> FindBatchAsync(string id, CancellationToken cancellation) =>
        (await AskAsync<BatchAnswer>(new GetBatch(id), cancellation)).Batch;

    public async Task<Page<BatchEntry>> ListBatchesAsync(string? after, int limit, CancellationToken cancellation)
    {
        var batches = new List<BatchEntry>();
        var more = true;
        while (more && batches.Count < limit)
        {
            var start = batches.Count > 0 ? batches[^1].Id : after;
            var page = await AskAsync<BatchPage>(new ListBatches(start, limit - batches.Count), cancellation);
            batches.AddRange(page.Batches);
            more = page.HasMore;
        }

        return new Page<BatchEntry>(batches, more);
    }

    public async Task<BatchEntry?> CancelBatchAsync(string id, CancellationToken cancellation) =>
        (await AskAsync<BatchAnswer>(new CancelBatch(id), cancellation)).Batch;

    /// <exception cref="BatchRefusedException">Refused, or nobody answered in time.</exception>
    private async Task<T> AskAsync<T>(IBatchCall call, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < Limit)
        {
            try
            {
                return await router().Ask<IMeshMessage>(call, AskAgain, cancellation) switch
                {
                    T answer => answer,
                    BatchCallRefused refused => throw new BatchRefusedException(refused.Refusal, refused.Message, refused.Code, refused.Param),
                    var other => throw new InvalidOperationException($"{other.GetType()} is no answer to {call.GetType()}."),
                };
            }
            catch (AskTimeoutException)
            {
                // Lost with a router that went, or there is none yet.
            }
        }

        throw new BatchRefusedException(BatchRefusal.Unavailable, "the region's job router does not answer now; try again");
    }
}
