using Mesh.Messages;
using Mesh.Messages.Work;
using Mesh.Node.Inference;
using Mesh.Node.Units;
using Mesh.State.Tests.Inference;
using Mesh.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Mesh.State.Tests.Units;

/// <summary>Units over a real engine, with ports in the place of streams. An occupied thread keeps lines from running.</summary>
public sealed class UnitWorkTests : IDisposable
{
    private static readonly TestArtifact Loop = new("loop", OnnxFile.DoublingLoop());
    private static readonly TestArtifact Rows = new TestArtifact("rows", OnnxFile.Identity((TensorElementType.Float, [-1, 1]))).Batched(32);

    private readonly EngineHarness _harness = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task A_kept_result_is_sent_to_each_stream_that_announces_a_term_until_it_is_acknowledged()
    {
        var units = Units();
        var (first, second) = (Port(), Port());
        units.Announce(first, 1);
        units.Take(first, Lines(7, 1, last: true, 0, 1, 2), Rows.Model);
        await IdleAsync();
        Assert.Equal(["told all", "7:0 Ok", "7:1 Ok", "7:2 Ok"], Sent(units, first));
        units.Acknowledge(new UnitAck { Unit = 7, Lines = { 1 } });
        units.Detach(first);
        units.Announce(second, 2);
        Assert.Equal(["7:0 Ok", "7:2 Ok", "told all"], Sent(units, second));
        units.Acknowledge(new UnitAck { Unit = 7, Lines = { 0, 2 } });
        units.Announce(second, 2);
        Assert.Equal(["told all"], Sent(units, second));
    }

    [Fact]
    public async Task Results_that_come_while_no_stream_is_there_are_told_to_the_next_one_and_what_had_not_run_is_not()
    {
        var units = Units();
        var (first, second) = (Port(), Port());
        units.Announce(first, 1);
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        using var gate = new Blocker(await _harness.RunForeverAsync(Loop));
        units.Take(first, Lines(7, 1, last: true, 0, 1), Rows.Model);
        units.Detach(first);
        gate.Dispose();
        await IdleAsync();
        units.Announce(second, 1);
        Assert.Equal(["told all"], Sent(units, second));
        units.Take(second, Lines(8, 1, last: true, 0), Rows.Model);
        await IdleAsync();
        Assert.Equal(["8:0 Ok"], Sent(units, second));
    }

    [Fact]
    public async Task A_lower_term_is_refused_and_its_waiting_lines_are_dropped()
    {
        var units = Units();
        var (old, now) = (Port(), Port());
        units.Announce(old, 3);
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        using var gate = new Blocker(await _harness.RunForeverAsync(Loop));
        units.Take(old, Lines(1, 3, last: false, 0), Rows.Model);
        units.Announce(now, 4);
        units.Announce(old, 3);
        units.Take(old, Lines(1, 3, last: true, 1), Rows.Model);
        units.Take(now, Lines(2, 4, last: true, 0), Rows.Model);
        gate.Dispose();
        await IdleAsync();
        Assert.Equal(["told all", "1 refused: term 3 is over: term 4 is in office"], Sent(units, old));
        Assert.Equal(["told all", "2:0 Ok"], Sent(units, now));
    }

    [Fact]
    public async Task A_cancelled_unit_runs_no_more_and_its_results_are_forgotten()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: false, 0), Rows.Model);
        await IdleAsync();
        Assert.Equal(["told all", "1:0 Ok"], Sent(units, port));
        using var gate = new Blocker(await BlockAsync());
        units.Take(port, Lines(1, 1, last: true, 1, 2), Rows.Model);
        units.Take(port, Lines(2, 1, last: true, 0), Rows.Model);
        units.Cancel(1);
        gate.Dispose();
        await IdleAsync();
        Assert.Equal(["2:0 Ok"], Sent(units, port));
        units.Announce(port, 1);
        Assert.Equal(["2:0 Ok", "told all"], Sent(units, port));
    }

    [Fact]
    public async Task A_cancel_goes_before_lines_of_its_unit_in_the_same_frame()
    {
        var units = Units();
        var port = Port();
        await _harness.Engine.LoadAsync(Rows.Model, Rows);
        var frame = new SeedFrame { Term = 1, UnitCancels = { 1 } };
        frame.UnitLines.Add(Lines(1, 1, last: true, 0, 1));
        frame.UnitLines.Add(Lines(2, 1, last: true, 0));
        units.Take(port, frame, new Dictionary<uint, ModelReference> { [0] = Rows.Model });
        await IdleAsync();
        Assert.Equal(["told all", "2:0 Ok"], Sent(units, port));
        Assert.Equal(1, _harness.Engine.Status.Runs);
    }

    [Fact]
    public async Task A_draining_vehicle_hands_units_back_after_the_results_of_what_ran_and_waits_for_acknowledgements()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: false, 0), Rows.Model);
        await IdleAsync();
        using var gate = new Blocker(await BlockAsync());
        units.Take(port, Lines(1, 1, last: true, 1, 2), Rows.Model);
        units.SetDraining(true);
        _harness.Engine.HandBackQueued();
        units.Take(port, Lines(3, 1, last: true, 0), Rows.Model);
        Assert.Equal(["told all", "1:0 Ok", "1 handed back: the vehicle is leaving", "3 refused: the vehicle is leaving"], Sent(units, port));
        var acknowledged = units.WhenAcknowledgedAsync(CancellationToken.None);
        Assert.False(acknowledged.IsCompleted);
        units.Acknowledge(new UnitAck { Unit = 1, Lines = { 0 } });
        await acknowledged.WaitAsync(EngineHarness.Patience);

        gate.Dispose();
        units.SetDraining(false);
        units.Take(port, Lines(4, 1, last: true, 0), Rows.Model);
        await IdleAsync();
        Assert.Equal(["4:0 Ok"], Sent(units, port));
    }

    [Fact]
    public async Task No_line_is_started_without_room_for_its_result()
    {
        var units = Units(new UnitWorkOptions { MaxKeptLines = 3 });
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: true, 0, 1, 2, 3, 4), Rows.Model);
        await IdleAsync();
        Assert.Equal(["told all", "1:0 Ok", "1:1 Ok", "1:2 Ok"], Sent(units, port));
        units.Acknowledge(new UnitAck { Unit = 1, Lines = { 0, 1, 2 } });
        await IdleAsync();
        Assert.Equal(["1:3 Ok", "1:4 Ok"], Sent(units, port));
    }

    [Fact]
    public async Task Beyond_the_window_a_new_unit_is_refused_and_an_open_one_handed_back()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        using var gate = new Blocker(await BlockAsync());
        units.Take(port, Lines(1, 1, last: false, [.. Enumerable.Range(0, 1000)]), Rows.Model);
        units.Take(port, Lines(2, 1, last: false, [.. Enumerable.Range(0, 25)]), Rows.Model);
        units.Take(port, Lines(2, 1, last: true, 25), Rows.Model); // was under way
        units.Take(port, Lines(1, 1, last: false, [.. Enumerable.Range(1000, 25)]), Rows.Model);
        Assert.Equal(["told all", "2 refused: beyond the window of 1024 lines or 16777216 bytes",
            "1 handed back: beyond the window of 1024 lines or 16777216 bytes"], Sent(units, port));
    }

    [Fact]
    public async Task The_end_of_a_unit_that_fills_the_window_is_taken()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        using var gate = new Blocker(await BlockAsync());
        var large = Lines(1, 1, last: false, 0);
        large.Lines[0].Inputs[0] = new RawTensor([5 << 20, 1], new byte[5 << 22]).ToWire();
        units.Take(port, large, Rows.Model);
        units.Take(port, Lines(1, 1, last: true), Rows.Model);
        units.Take(port, Lines(2, 1, last: true, 0), Rows.Model);
        Assert.Equal(["told all", "2 refused: beyond the window of 1024 lines or 16777216 bytes"], Sent(units, port));
        gate.Dispose();
        await IdleAsync();
        Assert.Equal(["1:0 Ok"], Sent(units, port));
    }

    [Fact]
    public async Task A_line_whose_result_is_kept_is_not_run_again()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: true, 5), Rows.Model);
        await IdleAsync();
        var runs = _harness.Engine.Status.Runs;
        units.Take(port, Lines(1, 1, last: true, 5), Rows.Model);
        await IdleAsync();
        Assert.Equal(["told all", "1:5 Ok", "1:5 Ok"], Sent(units, port));
        Assert.Equal(runs, _harness.Engine.Status.Runs);
    }

    [Fact]
    public async Task Lines_fail_with_the_reason_when_their_model_cannot_be_loaded_and_are_invalid_when_it_refuses_them()
    {
        var units = Units();
        var broken = new TestArtifact("broken", "no model"u8.ToArray());
        var port = new UnitPort(broken, () => { });
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: true, 0), broken.Model);
        await IdleAsync();
        var frame = new VehicleFrame();
        units.Fill(port, new VehicleFrame()); // told all
        units.Fill(port, frame);
        var result = Assert.Single(Assert.Single(frame.UnitResults).Results);
        Assert.Equal(AttemptStatus.AttemptFailed, result.Status);
        Assert.Contains("ONNX Runtime cannot load it", result.Error, StringComparison.Ordinal);

        var other = Port();
        units.Announce(other, 1);
        var wrong = Lines(2, 1, last: true, 0);
        wrong.Lines[0].Inputs[0].Shape[1] = 2;
        units.Take(other, wrong, Rows.Model);
        await IdleAsync();
        Assert.Equal(["1:0 Failed", "told all", "2:0 Invalid"], Sent(units, other));
    }

    [Fact]
    public async Task A_result_that_nobody_acknowledges_is_forgotten_after_a_while()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: true, 0), Rows.Model);
        await IdleAsync();
        _time.Advance(TimeSpan.FromMinutes(61));
        units.Announce(port, 2);
        Assert.Equal(["told all", "told all"], Sent(units, port));
    }

    [Fact]
    public async Task A_full_queue_hands_the_rest_of_a_unit_back()
    {
        using var harness = new EngineHarness(new InferenceEngineOptions { MaxQueued = 2 });
        var units = Units(harness: harness);
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: false, 0), Rows.Model);
        await IdleAsync(harness);
        using var gate = new Blocker(await BlockAsync(harness));
        units.Take(port, Lines(1, 1, last: false, 1, 2, 3, 4), Rows.Model);
        units.Take(port, Lines(1, 1, last: true, 5), Rows.Model); // was under way
        Assert.Equal(["told all", "1:0 Ok", "1 handed back: The vehicle's queue is full."], Sent(units, port));
        gate.Dispose();
        units.Take(port, Lines(2, 1, last: true, 0), Rows.Model);
        await IdleAsync(harness);
        Assert.Equal(["2:0 Ok"], Sent(units, port));
    }

    [Fact]
    public async Task Lines_that_interactive_work_leaves_no_time_go_back_after_what_is_finished()
    {
        using var harness = new EngineHarness(time: _time);
        var units = Units(harness: harness);
        var port = Port();
        units.Announce(port, 1);
        units.Take(port, Lines(1, 1, last: false, 0, 1), Rows.Model);
        await IdleAsync(harness);
        using var first = new Blocker(await BlockAsync(harness));
        var next = harness.RunForeverAsync(Loop);
        units.Take(port, Lines(1, 1, last: true, 2, 3), Rows.Model);
        first.Dispose();
        using var second = new Blocker(await next);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(
            ["told all", "1:0 Ok", "1:1 Ok", "1 handed back: interactive work leaves this vehicle no time for it"], Sent(units, port));
        units.Take(port, Lines(2, 1, last: true, 0), Rows.Model);
        second.Dispose();
        await IdleAsync(harness);
        Assert.Equal(["2:0 Ok"], Sent(units, port));
    }

    [Fact]
    public async Task When_all_work_stops_a_unit_goes_back_with_what_is_finished_once_its_running_line_has_ended()
    {
        var units = Units();
        var port = Port();
        units.Announce(port, 1);
        await _harness.Engine.LoadAsync(Loop.Model, Loop);
        units.Take(port, Doublings(1, last: false, 1), Loop.Model);
        await IdleAsync();
        var endless = Doublings(1, last: true, long.MaxValue, 1);
        endless.Lines[0].Line = 1;
        endless.Lines[1].Line = 2;
        units.Take(port, endless, Loop.Model);
        await _harness.Engine.StopAllAsync().WaitAsync(EngineHarness.Patience);
        Assert.Equal(["told all", "1:0 Ok", "1 handed back: The vehicle stopped its work."], Sent(units, port));
        _harness.Engine.Resume();
        units.Take(port, Doublings(2, last: true, 1), Loop.Model);
        await IdleAsync();
        Assert.Equal(["2:0 Ok"], Sent(units, port));
    }

    /// <summary>Lines of the loop, by how often each doubles.</summary>
    private static UnitLines Doublings(ulong unit, bool last, params long[] trips)
    {
        var lines = Lines(unit, 1, last, [.. Enumerable.Range(0, trips.Length)]);
        for (var i = 0; i < trips.Length; i++)
        {
            lines.Lines[i].Inputs.Clear();
            lines.Lines[i].Inputs.Add([EngineHarness.Floats(1).ToWire(), EngineHarness.Scalar(trips[i]).ToWire()]);
        }

        return lines;
    }

    private static UnitLines Lines(ulong unit, ulong term, bool last, params int[] lines) => new()
    {
        Unit = unit,
        Term = term,
        Last = last,
        Lines = { lines.Select(line => new UnitLine { Line = (uint)line, Inputs = { new RawTensor([1, 1], BitConverter.GetBytes((float)line)).ToWire() } }) },
    };

    /// <summary>What is due for a stream, in order.</summary>
    private static List<string> Sent(UnitWork units, UnitPort port)
    {
        var sent = new List<string>();
        while (port.HasAny)
        {
            var frame = new VehicleFrame();
            units.Fill(port, frame);
            foreach (var results in frame.UnitResults)
                sent.AddRange(results.Results.Select(result => $"{results.Unit}:{result.Line} {result.Status.ToString()[7..]}"));
            sent.AddRange(frame.UnitNotices.Select(Text));
        }

        return sent;
    }

    private static string Text(UnitNotice notice) => notice.State switch
    {
        UnitState.UnitToldAll => "told all",
        UnitState.UnitHandedBack => $"{notice.Unit} handed back: {notice.Reason}",
        UnitState.UnitRefused => $"{notice.Unit} refused: {notice.Reason}",
        _ => throw new InvalidOperationException($"{notice.State}"),
    };

    private UnitWork Units(UnitWorkOptions? options = null, EngineHarness? harness = null) => new((harness ?? _harness).Engine, options ?? new UnitWorkOptions(), _time, NullLogger<UnitWork>.Instance);

    private static UnitPort Port() => new(Rows, () => { });

    private async Task<Submitted> BlockAsync(EngineHarness? other = null)
    {
        var harness = other ?? _harness;
        await harness.Engine.LoadAsync(Rows.Model, Rows);
        await harness.Engine.LoadAsync(Loop.Model, Loop);
        return await harness.RunForeverAsync(Loop);
    }

    private Task IdleAsync(EngineHarness? other = null) => (other ?? _harness).Engine.WhenIdleAsync(CancellationToken.None).WaitAsync(EngineHarness.Patience);

    private sealed class Blocker(Submitted job) : IDisposable
    {
        public void Dispose() => job.Job.Cancel();
    }
}
