using System.Collections.Immutable;
using System.Globalization;
using Mesh.Messages;
using Mesh.Seed.Routing.Choice;
using Mesh.Seed.Routing.History;
using Mesh.Seed.Routing.Policies;

namespace Mesh.Seed.Routing.Queries;

/// <summary>Something that speaks against a vehicle for work.</summary>
/// <param name="Code">Stable, e.g. NO_CREDITS.</param>
/// <param name="Detail">For people, with the values that decided.</param>
/// <param name="Excludes">It gets no work because of it; otherwise it only gets it later or less likely.</param>
public sealed record VehicleReason(string Code, string Detail, bool Excludes = true);

/// <summary>Why a router does not send a vehicle work, policy by policy. The counterpart of <see cref="VehicleFilter"/> in words.</summary>
internal static class VehicleReasons
{
    /// <summary>A departure that is announced for sooner is worth telling.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(5);

    /// <param name="model">Null = whatever the model is.</param>
    public static ImmutableArray<VehicleReason> Of(RoutedVehicle vehicle, ModelReference? model, TimeSpan now, RouterSettings settings) =>
        [.. Presence(vehicle, now), .. Consent(vehicle, batch: false), .. Capacity(vehicle, now, settings), .. model is null ? [] : Model(vehicle, model, settings)];

    /// <summary>The same for a unit of a batch.</summary>
    public static ImmutableArray<VehicleReason> ForBatch(RoutedVehicle vehicle, ModelReference? model, TimeSpan now, RouterSettings settings) =>
        [.. Presence(vehicle, now), .. Consent(vehicle, batch: true), .. Capacity(vehicle, now, settings), .. model is null ? [] : Model(vehicle, model, settings)];

    private static IEnumerable<VehicleReason> Consent(RoutedVehicle vehicle, bool batch)
    {
        var consent = vehicle.Load.Consent;
        if (vehicle.Load.IsHeld || (batch ? consent.Batch : consent.Interactive))
            yield break;
        var instead = batch ? consent.Interactive ? "interactive requests only" : "nothing" : consent.Batch ? "batches only" : "nothing";
        var why = vehicle.Load.Denials?.Because(batch) is { Length: > 0 } rules
            ? $", because of {rules}"
            : ": 'mesh explain' at the vehicle's own pbm port says by which rules";
        yield return new VehicleReason("NO_CONSENT", $"its owner's policy permits {instead} now{why}");
    }

    private static IEnumerable<VehicleReason> Presence(RoutedVehicle vehicle, TimeSpan now)
    {
        if (vehicle.Unreachable)
            yield return new VehicleReason("UNREACHABLE", $"the cluster holds its member {vehicle.Member.Address} unreachable, leaving or down");
        if (vehicle.Load.IsHeld)
        {
            // What its own reason says of it: until when, and by whom.
            var drain = vehicle.Load.Denials?.Rules.FirstOrDefault(rule => rule.Code == "OPERATOR_DRAIN") is { Value.Length: > 0 } rule ? $" ({rule.Value})" : "";
            yield return new VehicleReason("OPERATOR_DRAIN", $"an operator drained it{drain}: 'mesh resume {vehicle.Id}' takes that back");
        }
        else if (vehicle.Load.IsLeaving)
        {
            yield return new VehicleReason("DRAINING", "it finishes what it has and takes no more");
        }

        if (vehicle.LeavesAt is { } leaves && leaves - now < Soon)
            yield return new VehicleReason("LEAVES_SOON", string.Create(CultureInfo.InvariantCulture, $"it announced to leave in {Math.Max(0, (leaves - now).TotalSeconds):0} s"), Excludes: false);
    }

    private static IEnumerable<VehicleReason> Capacity(RoutedVehicle vehicle, TimeSpan now, RouterSettings settings)
    {
        if (vehicle.Outstanding.Count >= vehicle.Load.Credits)
            yield return new VehicleReason("NO_CREDITS", $"{vehicle.Outstanding.Count} requests of this seed are out there, as many as its {vehicle.Load.Credits} credits allow");
        if (vehicle.BusyUntil > now)
            yield return new VehicleReason("BUSY", string.Create(CultureInfo.InvariantCulture, $"it said 'busy' and is left alone for {(vehicle.BusyUntil - now).TotalMilliseconds:0} ms more"));
        if (!CircuitPolicy.Allows(vehicle, now, settings))
        {
            yield return new VehicleReason(
                "CIRCUIT_OPEN",
                string.Create(CultureInfo.InvariantCulture, $"it failed {vehicle.Circuit.Failures} times in a row")
                    + (vehicle.Circuit.OpenUntil > now
                        ? string.Create(CultureInfo.InvariantCulture, $" and is tried again in {(vehicle.Circuit.OpenUntil - now).TotalSeconds:0.#} s")
                        : "; one request tries it out now"));
        }
    }

    private static IEnumerable<VehicleReason> Model(RoutedVehicle vehicle, ModelReference model, RouterSettings settings)
    {
        var here = vehicle.Find(model.Hash);
        if (here is not { Loaded: true })
            yield return new VehicleReason("MODEL_NOT_LOADED", here is { Warming: true } ? $"{model} is being loaded there" : $"{model} would have to be loaded there first", Excludes: false);
        var query = new ChoiceQuery(model, 0, default, double.PositiveInfinity, null, new HashSet<VehicleId>());
        switch (ChoiceTrace.WhyNot(vehicle, here, query, settings))
        {
            case ChoiceVerdict.NoConsent:
                yield return new VehicleReason("NO_MODEL_CONSENT", $"its owner consents to certain models or publishers only, and {model} is none of them");
                break;
            case ChoiceVerdict.TooLittleMemory:
                yield return new VehicleReason("TOO_LITTLE_MEMORY", $"{model} takes about {MemoryPolicy.Needed(model, settings)} bytes, it has {vehicle.MemoryBytes}");
                break;
            case ChoiceVerdict.OtherHardware:
                yield return new VehicleReason("OTHER_HARDWARE", $"{model} demands {model.DeviceClasses}, it is '{vehicle.DeviceClass}'");
                break;
        }
    }
}
