using System.Globalization;
using Mesh.Demo.Processes;
using Mesh.Demo.Scenarios;

namespace Mesh.Demo;

/// <summary>The demo from start to end.</summary>
internal static class DemoRun
{
    /// <returns>The process's exit code, see <see cref="DemoOptions.HelpText"/>.</returns>
    public static async Task<int> RunAsync(DemoOptions options, TextWriter output, CancellationToken stop)
    {
        var view = ProgressView.ForConsole(output);
        var taken = options.Ports.ByOption.Where(port => !FreePorts.IsFree(port.Port)).ToList();
        if (taken.Count > 0)
        {
            foreach (var (option, port) in taken)
                await Console.Error.WriteLineAsync(
                    $"mesh demo: port {port} is taken: stop what listens there, choose another with {option}, or use --any-ports.");
            return ExitCodes.Usage;
        }

        var mesh = new DemoMesh(options, view);
        try
        {
            var failures = options.Scenario == DemoScenario.Day
                ? await DayAsync(mesh, view, stop)
                : await MainJobAsync(options, mesh, view, stop);
            return failures.Count == 0 ? ExitCodes.Success : ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            view.Write("Stopped.");
            return ExitCodes.Interrupted;
        }
        catch (Exception exception) when (exception is TimeoutException or ProcessExitedException or InvalidOperationException or IOException)
        {
            view.Write(view.Bad($"FAILED: {exception.Message}"));
            WriteTails(mesh, view);
            return ExitCodes.Failed;
        }
        finally
        {
            await mesh.DisposeAsync();
        }
    }

    private static async Task<IReadOnlyList<string>> MainJobAsync(DemoOptions options, DemoMesh mesh, ProgressView view, CancellationToken stop)
    {
        var pictures = FashionPictures.Load();
        view.Event($"starting a seed and {options.Vehicles} vehicles");
        await mesh.StartAsync(stop);
        var verdict = await ClassifyAsync(options, mesh, pictures, view, stop);
        view.Write(ClosingTable.Render(verdict, view.Good, view.Bad));
        if (verdict.Failures.Count > 0)
            WriteTails(mesh, view);
        if (options.Keep)
            await KeepAsync(mesh, pictures, view, stop);
        return verdict.Failures;
    }

    private static async Task<IReadOnlyList<string>> DayAsync(DemoMesh mesh, ProgressView view, CancellationToken stop)
    {
        var verdict = await new DayScenario(mesh, view).RunAsync(stop);
        view.Write(DayTables.Render(verdict, view.Good, view.Bad));
        if (verdict.Failures.Count > 0)
            WriteTails(mesh, view);
        return verdict.Failures;
    }

    private static async Task<Verdict> ClassifyAsync(
        DemoOptions options, DemoMesh mesh, FashionPictures pictures, ProgressView view, CancellationToken stop)
    {
        IReadOnlyList<float[]> direct;
        using (var run = new DirectRun())
            direct = run.ClassifyEach(pictures);
        view.Event($"{direct.Count} pictures classified directly in ONNX Runtime; now {options.Requests} through the mesh");

        using var http = LoopbackHttp.NewClient(RunPlan.Burst);
        var client = new InferClient(http, mesh.Seed.Http, pictures);
        var plan = new RunPlan(options.Requests);
        var tally = new Tally(mesh.Vehicles.Select(vehicle => vehicle.Id));

        // Without its seed nothing can be answered: the run ends, with what was answered until then.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _ = mesh.Seed.Process.Exited.ContinueWith(_ => TryCancel(end), TaskScheduler.Default);
        using var shown = new CancellationTokenSource();
        var progress = view.FollowAsync(tally, options.Requests, shown.Token);
        var load = new PictureLoad(plan, tally, client.ClassifyAsync).RunAsync(end.Token);
        _ = load.ContinueWith(_ => TryCancel(end), default, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        var churn = new Churn(mesh, plan, tally).RunAsync(end.Token);
        try
        {
            await Task.WhenAll(load, churn);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The seed is gone; the verdict tells.
        }
        finally
        {
            await shown.CancelAsync();
            await progress;
        }

        return Verdict.Of(
            options.Requests, tally, pictures, direct, churn.IsCompletedSuccessfully ? await churn : [], mesh.Crashes);
    }

    /// <summary>For a continuation that may come after the run was over.</summary>
    internal static void TryCancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run was over first.
        }
    }

    private static async Task KeepAsync(DemoMesh mesh, FashionPictures pictures, ProgressView view, CancellationToken stop)
    {
        const int picture = 0;
        var file = Path.Combine(mesh.Folder, "picture.json");
        await File.WriteAllBytesAsync(file, InferClient.RequestBody("by-hand", pictures.Image(picture).Span), stop);
        var seed = mesh.Seed;
        view.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"""

              The mesh keeps running until Ctrl+C.
              REST          {seed.Http}v2
              gRPC          127.0.0.1:{seed.Options.Ports.Grpc}
              metrics       {seed.Metrics}metrics
              cluster       {seed.ClusterAddress}
              models        {seed.Options.ModelsFolder}
              A picture of class {pictures.Label(picture)} ({FashionPictures.Classes[pictures.Label(picture)]}):

                curl -s -d @{file} {new Uri(seed.Http, $"/v2/models/{DirectRun.Model}/infer")}

            """));
        try
        {
            await Task.WhenAny(seed.Process.Exited, Task.Delay(Timeout.Infinite, stop));
            if (!stop.IsCancellationRequested)
                view.Write(view.Bad("The seed has ended."));
        }
        finally
        {
            view.Write("Stopping.");
        }
    }

    private static void WriteTails(DemoMesh mesh, ProgressView view)
    {
        foreach (var (name, tail) in mesh.Tails())
            view.Write($"--- last lines of {name}:{Environment.NewLine}{tail}");
    }
}
