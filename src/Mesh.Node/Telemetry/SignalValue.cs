using System.Globalization;

namespace Mesh.Node.Telemetry;

/// <summary>What a signal carries: a truth value, a number in the signal's unit, or a text. The default value carries nothing.</summary>
public readonly record struct SignalValue
{
    private readonly object? _value;

    private SignalValue(object value) => _value = value;

    public bool? Truth => _value as bool?;

    public double? Number => _value as double?;

    public string? Text => _value as string;

    public static SignalValue Of(bool value) => new(value);

    public static SignalValue Of(double value) => new(value);

    public static SignalValue Of(string value) => new(value);

    /// <summary>As it is shown in reasons and written in a trace: <c>true</c>, <c>12.5</c>, <c>WIFI</c>.</summary>
    public override string ToString() => _value switch
    {
        null => "(none)",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(_value, CultureInfo.InvariantCulture)!,
    };
}
