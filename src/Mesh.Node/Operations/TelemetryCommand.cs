using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Mesh.Node.Policy;
using Mesh.Node.Telemetry;
using Mesh.Operations;

namespace Mesh.Node.Operations;

/// <summary><c>mesh telemetry</c>: shows the signals, and sets those of the source <c>manual</c>. Where the vehicle is, it never shows.</summary>
internal sealed class TelemetryCommand(VehicleSettings settings, ITelemetrySource source, EligibilityWatch eligibility)
{
    private const string Unknown = "unknown";

    public async IAsyncEnumerable<CommandOutput> RunAsync(CommandCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        if (call.Find("signal") is { } signal)
        {
            yield return new CommandOutput.Line(Change(signal, call.Find("value")));
            yield break;
        }

        var telemetry = eligibility.Latest?.Telemetry ?? throw VehicleCommands.NotJudged();
        yield return new CommandOutput.Table(["signal", "value", "unit", "known", "unknown_because", "age_s", "max_age_s"]);
        foreach (var state in VssCatalogue.All.Select(asked => telemetry[asked]))
            yield return Row(state);
    }

    public static string NameOf(TelemetrySpec telemetry) => telemetry.GetType().Name.ToLowerInvariant();

    private string Change(string signal, string? value)
    {
        if (settings.Telemetry is not TelemetrySpec.Manual || source is not ManualTelemetry manual)
            throw new CommandFailedException($"this vehicle's telemetry is '{NameOf(settings.Telemetry)}', and only that of --telemetry manual can be set by hand");
        switch (signal, value)
        {
            case ("lost", null):
                manual.Lose("an operator's command");
                return "telemetry is lost: its signals are unknown until 'mesh telemetry restore'";
            case ("restore", null):
                manual.Restore();
                return "telemetry is heard again";
            case (_, null):
                throw new CommandFailedException($"{signal} needs a value, or 'unknown': 'mesh telemetry {signal} VALUE'");
            default:
                Set(manual, signal, value);
                return VssCatalogue.IsPlace(signal) && value != Unknown ? $"{signal} is set" : $"{signal} is {value}";
        }
    }

    private static void Set(ManualTelemetry manual, string path, string value)
    {
        try
        {
            manual.Set(path, value == Unknown ? null : Parse(VssCatalogue.Find(path), value));
        }
        catch (ArgumentException e)
        {
            var signals = string.Join(", ", VssCatalogue.All.Select(signal => signal.Name));
            // The parameter's name is no news to an operator.
            var message = e.ParamName is null ? e.Message : e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal);
            throw new CommandFailedException(VssCatalogue.Find(path) is null ? $"{message} There are {signals}" : message);
        }
    }

    /// <summary>What does not fit the datatype stays text, and is refused with the signal's name.</summary>
    private static SignalValue Parse(VssSignal? signal, string value) => signal?.Datatype switch
    {
        VssDatatype.Boolean when bool.TryParse(value, out var truth) => SignalValue.Of(truth),
        VssDatatype.UInt8 or VssDatatype.UInt32 or VssDatatype.Float or VssDatatype.Double
            when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => SignalValue.Of(number),
        _ => SignalValue.Of(value),
    };

    private static CommandOutput.Row Row(SignalState state)
    {
        return CommandOutput.RowOf(
            JsonValue.Create(state.Path),
            state.LastValue is { } value ? JsonValue.Create(VssCatalogue.IsPlace(state.Path) ? "withheld" : value.ToString()) : null,
            state.Signal.Unit.Length > 0 ? JsonValue.Create(state.Signal.Unit) : null,
            JsonValue.Create(state.IsKnown),
            state.Cause is { } cause ? JsonValue.Create(VehicleExplanation.Word(cause)) : null,
            state.Age is { } age ? JsonValue.Create(Math.Round(age.TotalSeconds, 1)) : null,
            JsonValue.Create(state.Signal.MaxAge.TotalSeconds));
    }
}
