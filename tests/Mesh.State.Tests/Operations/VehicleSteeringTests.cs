using Akka.Actor;
using Mesh.Messages;
using Mesh.Messages.Control;
using Mesh.Operations;
using Mesh.Seed.Operations;
using Mesh.Seed.Routing.Queries;
using Mesh.State.Tests.Inference;
using Mesh.State.Tests.Routing;

namespace Mesh.State.Tests.Operations;

/// <summary>Commands to many vehicles.</summary>
public sealed class VehicleSteeringTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly SteeringOrder Resume =
        new("resume", "resumed", TimeSpan.FromSeconds(10), (id, until) => [new ResumeVehicle(id, until)]);

    [Fact]
    public async Task A_refusal_and_a_silence_fail_the_command_after_all_rows()
    {
        var (rows, error) = await RunAsync(Ids(3), Resume, message => message.Vehicle.Value switch
        {
            "V-0" => Task.FromResult<IMeshMessage>(new VehicleRefused(message.Vehicle, "its disk is full")),
            "V-1" => Task.FromException<IMeshMessage>(new AskTimeoutException("silence")),
            _ => Task.FromResult<IMeshMessage>(new VehicleDone(message.Vehicle)),
        });
        Assert.Equal(["V-0 refused", "V-1 no_answer", "V-2 resumed"], rows.Order());
        Assert.StartsWith("2 of 3 vehicles did not resume: V-0 refused: its disk is full; V-1 no_answer: nothing was heard within 10 s", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_all_do_is_no_error()
    {
        var (rows, error) = await RunAsync(Ids(40), Resume, message => Task.FromResult<IMeshMessage>(new VehicleDone(message.Vehicle)));
        Assert.Equal((40, null), (rows.Count, error));
    }

    [Fact]
    public async Task The_error_names_a_few_of_many()
    {
        var (_, error) = await RunAsync(Ids(40), Resume, message => Task.FromResult<IMeshMessage>(new VehicleRefused(message.Vehicle, "no")));
        Assert.StartsWith("40 of 40 vehicles did not resume: ", error, StringComparison.Ordinal);
        Assert.EndsWith("; and 35 more", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_vehicle_holds_up_no_other_and_so_many_are_asked_at_once()
    {
        var silent = new TaskCompletionSource<IMeshMessage>();
        var othersAnswered = new TaskCompletionSource();
        var (answered, open, most) = (0, 0, 0);
        var run = RunAsync(Ids(100), Resume, async message =>
        {
            most = Math.Max(most, Interlocked.Increment(ref open));
            if (message.Vehicle.Value == "V-0")
                return await silent.Task;
            await Task.Yield();
            Interlocked.Decrement(ref open);
            if (Interlocked.Increment(ref answered) == 99)
                othersAnswered.SetResult();
            return new VehicleDone(message.Vehicle);
        });
        await othersAnswered.Task.WaitAsync(Patience);
        silent.SetResult(new VehicleRefused(new VehicleId("V-0"), "late"));
        var (rows, _) = await run.WaitAsync(Patience);
        Assert.Equal(100, rows.Count);
        Assert.Contains("V-0 refused", rows);
        Assert.InRange(most, 2, VehicleSteering.AtOnce);
    }

    [Fact]
    public async Task Of_several_messages_each_is_sent_and_the_first_refusal_ends_them()
    {
        var sent = new List<string>();
        var unload = new SteeringOrder("unload it", "unloaded", TimeSpan.FromSeconds(10), (id, until) => [.. "abc".Select(c => new UnloadModel(id, Hash(c), until))]);
        await RunAsync(Ids(1), unload, message =>
        {
            sent.Add(((UnloadModel)message).Hash.Hex[..1]);
            return Task.FromResult<IMeshMessage>(sent.Count < 2 ? new VehicleDone(message.Vehicle) : new VehicleRefused(message.Vehicle, "no"));
        });
        Assert.Equal(["a", "b"], sent);
    }

    [Theory]
    [InlineData("sha256:aaaaaaaa", null)]
    [InlineData("sha256:AAAAAAAA", null)]
    [InlineData("sha256:aaaaaaa", "is no hash")]
    [InlineData("sha256:../../../..", "is no hash")]
    [InlineData("sha256:cccccccc", "no vehicle that is connected here")]
    [InlineData("sha256:bbbbbbbb", "several models")]
    public void A_model_is_found_by_the_beginning_of_its_hash(string text, string? error)
    {
        ArtifactHash[] loaded = [Hash('a'), Hash('b'), new(new string('b', 63) + "0")];
        if (error is null)
            Assert.Equal(Hash('a'), LoadedHash.Find(text, loaded));
        else
            Assert.Contains(error, Assert.Throws<CommandFailedException>(() => LoadedHash.Find(text, loaded)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_are_connected_are_listed_however_many()
    {
        var router = new RouterDriver();
        for (var i = 0; i < 1100; i++)
            router.Open($"V-{i}");
        Assert.Equal(1100, new ListConnected().Answer(router.View).Length);
    }

    private static ArtifactHash Hash(char digit) => new(new string(digit, 64));

    private static List<VehicleId> Ids(int count) => [.. Enumerable.Range(0, count).Select(i => new VehicleId($"V-{i}"))];

    private static async Task<(List<string> Rows, string? Error)> RunAsync(
        List<VehicleId> vehicles, SteeringOrder order, Func<IVehicleMessage, Task<IMeshMessage>> vehicle)
    {
        var steering = new VehicleSteering((message, _, _) => vehicle(message), new ManualTime());
        var rows = new List<string>();
        try
        {
            await foreach (var output in steering.RunAsync(vehicles, order, CancellationToken.None))
            {
                if (output is CommandOutput.Row row)
                    rows.Add($"{row.Cells[0]} {row.Cells[1]}");
            }
        }
        catch (CommandFailedException e)
        {
            return (rows, e.Message);
        }

        return (rows, null);
    }
}
