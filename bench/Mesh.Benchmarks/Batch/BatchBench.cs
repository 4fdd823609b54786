using System.Diagnostics;
using System.Globalization;
using Mesh.Benchmarks.MainJob;
using Mesh.Demo;
using Mesh.Demo.Batches;
using Mesh.Demo.Processes;
using Mesh.Hosting;
using Mesh.Messages;
using Microsoft.Data.Sqlite;

namespace Mesh.Benchmarks.Batch;

/// <summary>Lines a second of a whole batch, from creation to its end, beside the direct loop; and what its journal cost.</summary>
internal static class BatchBench
{
    private const int TargetMissed = 1;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(BatchOptions options, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("mesh-bench-").FullName;
        try
        {
            var data = Path.Combine(folder, "seed");
            await using var seed = SeedProcess.Start(new SeedOptions { DataFolder = data, ModelsFolder = DirectRun.ModelsFolder });
            await seed.WaitUntilReadyAsync(StartLimit);
            await using var vehicle = VehicleProcess.Start(new VehicleOptions
            {
                Id = new VehicleId("V-001"),
                Seeds = [seed.ClusterAddress],
                Location = seed.Options.Location,
                DataFolder = Path.Combine(folder, "vehicle"),
            });
            await vehicle.WaitUntilReadyAsync(StartLimit);
            return await MeasureAsync(options, seed, folder, output);
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> MeasureAsync(BatchOptions options, SeedProcess seed, string folder, TextWriter output)
    {
        using var http = LoopbackHttp.NewClient();
        http.Timeout = TimeSpan.FromMinutes(10);
        var client = new BatchClient(http, seed.Http);
        using var direct = new DirectBatch();
        var pictures = new PictureBatch(FashionPictures.Load(), options.Lines);
        var lines = pictures.ToJsonLines();
        var input = Path.Combine(folder, "input.jsonl");
        await File.WriteAllBytesAsync(input, lines);
        var file = await client.UploadAsync(lines);
        var report = new Report();
        var mesh = report.Add(Figure.Rate("mesh: one seed, one vehicle, create to completed", "lines/s"));
        var loop = report.Add(Figure.Rate("direct ONNX Runtime loop over the same lines", "lines/s"));
        var events = report.Add(new Figure("journal: events a line", "events", "0.00000"));
        var bytes = report.Add(new Figure("journal: bytes a line", "B", "0.000"));
        report.Add(new Target("mesh / direct loop", Ratio.Of(mesh, loop), 0.9, AtLeast: true));

        // Not counted: models load, code is compiled. Speed counts only for right answers.
        var warm = await RunBatchAsync(client, file, "warm-up");
        var problems = pictures.Problems(await client.ContentAsync(warm.OutputFileId!));
        if (problems.Count > 0)
            throw new InvalidDataException($"{problems.Count} lines are not what the direct run says; the first: {problems[0]}");
        await direct.RunAsync(input, Path.Combine(folder, "output.jsonl"), PictureBatch.Endpoint);
        for (var round = 1; round <= options.Rounds; round++)
        {
            Console.Error.WriteLine($"batch: round {round} of {options.Rounds}");
            var started = Stopwatch.GetTimestamp();
            var answered = await direct.RunAsync(input, Path.Combine(folder, "output.jsonl"), PictureBatch.Endpoint);
            loop.Add(answered / Stopwatch.GetElapsedTime(started).TotalSeconds);

            var before = await JournalAsync(seed);
            started = Stopwatch.GetTimestamp();
            var batch = await RunBatchAsync(client, file, round.ToString(CultureInfo.InvariantCulture));
            mesh.Add(batch.Counts.Completed / Stopwatch.GetElapsedTime(started).TotalSeconds);
            var after = await JournalAsync(seed);
            events.Add((double)(after.Events - before.Events) / batch.Counts.Total);
            bytes.Add((double)(after.Bytes - before.Bytes) / batch.Counts.Total);
        }

        report.Print(output, $"{options.Rounds} interleaved rounds of {options.Lines} lines");
        return options.Strict && !report.AllMet ? TargetMissed : ExitCodes.Ok;
    }

    private static async Task<BatchStatusReport> RunBatchAsync(BatchClient client, string file, string key)
    {
        var batch = await client.CreateAsync(file, PictureBatch.Endpoint, key);
        using var interval = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!batch.IsOver)
        {
            await interval.WaitForNextTickAsync();
            batch = await client.GetAsync(batch.Id);
        }

        return batch is { Status: "completed", Counts.Failed: 0 }
            ? batch
            : throw new InvalidDataException($"The batch is {batch.Status} with {batch.Counts.Failed} failed lines.");
    }

    /// <summary>All events of the JobRouter, with what the serializer wrote.</summary>
    private static async Task<(long Events, long Bytes)> JournalAsync(SeedProcess seed)
    {
        var path = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(seed.Options.DataFolder, "journal.db"),
            Mode = SqliteOpenMode.ReadOnly,
        };
        await using var connection = new SqliteConnection(path.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(*), coalesce(sum(length(message)), 0) from journal";
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
