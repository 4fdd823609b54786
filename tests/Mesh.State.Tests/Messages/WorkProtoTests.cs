using Google.Protobuf.Reflection;
using Mesh.Messages;
using Mesh.Messages.Work;

namespace Mesh.State.Tests.Messages;

/// <summary>Vehicles of older versions speak the work stream for years: its names, numbers and types are pinned.</summary>
public sealed class WorkProtoTests
{
    [Fact]
    public void Its_description_is_the_pinned_one()
    {
        var file = WorkReflection.Descriptor;
        List<string> lines = [$"package {file.Package} protocol {WorkProtocol.Version}"];
        foreach (var method in file.Services.SelectMany(service => service.Methods))
        {
            var (asks, answers) = (Stream(method.IsClientStreaming), Stream(method.IsServerStreaming));
            lines.Add($"{method.FullName} {asks}{method.InputType.Name} returns {answers}{method.OutputType.Name}");
        }

        foreach (var message in file.MessageTypes)
        {
            lines.AddRange(message.Fields.InFieldNumberOrder().Select(field =>
                $"{message.Name}.{field.Name} = {field.FieldNumber}: {TypeOf(field)}"));
        }

        foreach (var value in file.EnumTypes.SelectMany(type => type.Values))
            lines.Add($"{value.EnumDescriptor.Name}.{value.Name} = {value.Number}");
        CommittedSnapshot.AssertEqual("WorkProtoSnapshot.txt", lines);
    }

    [Fact]
    public void Outcomes_have_the_numbers_of_the_wire() =>
        Assert.Equal(
            Enum.GetValues<AttemptStatus>().Select(status => ($"{status}".Replace("Attempt", "", StringComparison.Ordinal), (int)status)),
            Enum.GetValues<AttemptOutcome>().Select(outcome => ($"{outcome}", (int)outcome)));

    [Fact]
    public void Tensors_pass_without_a_copy()
    {
        var data = new byte[] { 1, 2, 3, 4, 5, 6 };
        var there = new RawTensor([2, 3], data).ToWire();
        var back = new[] { there }.FromWire()[0];
        Assert.Equal([2, 3], back.Shape);
        data[0] = 9;
        Assert.Equal(9, back.Data.Span[0]);
        Assert.Empty(Array.Empty<TensorData>().FromWire());
    }

    [Fact]
    public void What_a_vehicle_says_it_took_is_read_as_far_as_it_can_be()
    {
        var wire = new WorkResult { QueueUs = 1, LoadUs = 2, InferUs = 3, CpuUs = 4, EnergyUj = 5 };
        Assert.Equal(new AttemptTimings(Us(1), Us(2), Us(3)) { Cpu = Us(4), EnergyUj = 5 }, wire.Timings());
        Assert.Equal(
            new AttemptTimings(default, default, Us(3)) { Cpu = Us(4), EnergyUj = 5 }, new UnitLineResult { InferUs = 3, CpuUs = 4, EnergyUj = 5 }.Timings());

        wire.EnergyUj = 3001; // above 1 kW
        Assert.Equal(3000, wire.Timings().EnergyUj);
        var boast = new WorkResult { QueueUs = ulong.MaxValue, InferUs = ulong.MaxValue, CpuUs = ulong.MaxValue, EnergyUj = ulong.MaxValue }.Timings();
        Assert.Equal((TimeSpan.FromDays(365), TimeSpan.FromDays(365), 600_000_000_000), (boast.Queue, boast.Cpu, boast.EnergyUj));

        static TimeSpan Us(int microseconds) => TimeSpan.FromMicroseconds(microseconds);
    }

    private static string Stream(bool streaming) => streaming ? "stream " : "";

    private static string TypeOf(FieldDescriptor field)
    {
        var name = field.FieldType switch
        {
            FieldType.Message => field.MessageType.Name,
            FieldType.Enum => field.EnumType.Name,
            _ => $"{field.FieldType}",
        };
        return (field.IsRepeated ? "repeated " : "") + name;
    }
}
