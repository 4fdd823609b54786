using System.Collections;
using System.Globalization;
using System.Net;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Mesh.Messages;

namespace Mesh.Hosting.Settings;

/// <summary>A setting of a program: <c>--name</c> on the command line, <c>MESH_NAME</c> in the environment, <c>mesh.name</c> in HOCON.</summary>
/// <param name="Needs">What a value must be, for error messages and help.</param>
/// <param name="IsSwitch">Takes no value on the command line.</param>
/// <param name="IsSecret">May hold a password: no error repeats its value.</param>
/// <param name="WhenNotSet">What holds then, for people, where that is no fixed value: it depends on the machine or on other settings.</param>
public sealed record Setting(string Name, string Needs, bool IsSwitch = false, bool IsSecret = false, string? WhenNotSet = null)
{
    public string EnvironmentName => "MESH_" + Name.Replace('-', '_').ToUpperInvariant();
}

/// <summary>
/// Reads settings from HOCON, then the environment, then the command line (the last one wins), and collects every error
/// instead of stopping at the first. Each error names the setting, where its value came from and what it needs.
/// </summary>
public sealed class SettingsReader
{
    private readonly Dictionary<string, Setting> _known;
    private readonly Dictionary<string, (string Text, string Origin)> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, object?> _defaults = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    public SettingsReader(IReadOnlyList<Setting> known, Config hocon, IDictionary environment, IReadOnlyList<string> arguments)
    {
        _known = known.ToDictionary(setting => setting.Name, StringComparer.Ordinal);
        ReadHocon(hocon);
        ReadEnvironment(environment);
        ReadArguments(arguments);
    }

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>What each setting that was asked for is when nobody sets it; null = it has to be set.</summary>
    public IReadOnlyDictionary<string, object?> Defaults => _defaults;

    public bool IsSet(string name) => _values.TryGetValue(name, out var value) && value.Text != "false";

    /// <summary>A value that must be there.</summary>
    public T Required<T>(string name, Func<string, T?> parse, T whenWrong) where T : struct =>
        IsPresent(name) ? Optional(name, parse, whenWrong) : whenWrong;

    /// <summary>A value that must be there.</summary>
    public T Required<T>(string name, Func<string, T?> parse, T whenWrong) where T : class =>
        IsPresent(name) ? Optional(name, parse, whenWrong) : whenWrong;

    /// <summary>A value that may be left out. <paramref name="parse"/> answers null or throws FormatException for a wrong one.</summary>
    public T Optional<T>(string name, Func<string, T?> parse, T whenAbsent) where T : struct =>
        Parse(name, text => parse(text), whenAbsent) is T value ? value : whenAbsent;

    /// <summary>A value that may be left out. <paramref name="parse"/> answers null or throws FormatException for a wrong one.</summary>
    public T Optional<T>(string name, Func<string, T?> parse, T whenAbsent) where T : class =>
        Parse(name, parse, whenAbsent) is T value ? value : whenAbsent;

    private bool IsPresent(string name)
    {
        _defaults[name] = null;
        if (_values.ContainsKey(name))
            return true;
        _errors.Add($"--{name} is missing (or {_known[name].EnvironmentName}, or mesh.{name} in the configuration file): needs {_known[name].Needs}");
        return false;
    }

    private object? Parse(string name, Func<string, object?> parse, object whenAbsent)
    {
        _defaults.TryAdd(name, whenAbsent);
        if (!_values.TryGetValue(name, out var value))
            return null;
        try
        {
            if (parse(value.Text) is { } parsed)
                return parsed;
            AddError(name, "needs " + _known[name].Needs);
        }
        catch (FormatException e)
        {
            AddError(name, e.Message);
        }

        return null;
    }

    public void AddError(string name, string needs)
    {
        var (text, origin) = _values.GetValueOrDefault(name, ("", "default"));
        _errors.Add($"--{name} is {(_known[name].IsSecret && text.Length > 0 ? "set" : $"'{text}'")} ({origin}): {needs}");
    }

    private void ReadHocon(Config hocon)
    {
        var section = hocon.GetConfig("mesh");
        if (section is null)
            return;
        foreach (var (name, value) in section.AsEnumerable())
        {
            if (!_known.TryGetValue(name, out var setting))
                _errors.Add($"mesh.{name} in the configuration file is no setting of this program: remove it or see --help");
            else if (value.IsObject())
                _errors.Add($"mesh.{name} in the configuration file is a section: needs {setting.Needs}");
            else
                _values[name] = (value.IsArray() ? string.Join(',', value.GetStringList()) : value.GetString() ?? "", "configuration file");
        }
    }

    private void ReadEnvironment(IDictionary environment)
    {
        foreach (var setting in _known.Values)
        {
            if (environment[setting.EnvironmentName] is string { Length: > 0 } text)
                _values[setting.Name] = (text, setting.EnvironmentName);
        }
    }

    private void ReadArguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = argument.StartsWith("--", StringComparison.Ordinal) ? argument[2..(equals < 0 ? argument.Length : equals)] : "";
            if (!_known.TryGetValue(name, out var setting))
                _errors.Add($"'{argument}' is no option of this program: see --help");
            else if (equals >= 0)
                _values[name] = (argument[(equals + 1)..], "command line");
            else if (setting.IsSwitch)
                _values[name] = ("true", "command line");
            else if (i + 1 < arguments.Count)
                _values[name] = (arguments[++i], "command line");
            else
                _errors.Add($"--{name} has no value: {setting.Needs}");
        }
    }
}

/// <summary>Parsers shared by the programs' settings; each answers null for a text that is not what the name says.</summary>
public static class SettingParsers
{
    public const string PortNeeds = "a TCP port, 0 to 65535 (0 = any free one)";

    public static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535 ? port : null;

    public static int? Count(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= least && n <= most ? n : null;

    public static long? Bytes(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : null;

    /// <summary>A duration in HOCON's form: <c>500ms</c>, <c>10s</c>, <c>2m</c>.</summary>
    public static TimeSpan? Duration(string text)
    {
        // As one literal, so that nothing in the text is taken for more of HOCON.
        var literal = new HoconValue();
        literal.AppendValue(new HoconLiteral { Value = text });
        try
        {
            var value = literal.GetTimeSpan(allowInfinite: false);
            return value > TimeSpan.Zero ? value : null;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return null;
        }
    }

    public static T? Choice<T>(string text) where T : struct, Enum =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && Enum.TryParse<T>(text, ignoreCase: true, out var value) ? value : null;

    public static IPAddress? Address(string text) => IPAddress.TryParse(text, out var address) ? address : null;

    public static string? Text(string text) => text.Length > 0 ? text : null;

    public static GeoPoint? Place(string text) => GeoPoint.TryParse(text, out var point) ? point : null;

    public static IReadOnlyList<DnsEndPoint>? Endpoints(string text)
    {
        var endpoints = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Endpoint).ToList();
        return endpoints.Count == 0 || endpoints.Contains(null) ? null : [.. endpoints.OfType<DnsEndPoint>()];
    }

    private static DnsEndPoint? Endpoint(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && Port(text[(colon + 1)..]) is { } port && port > 0 ? new DnsEndPoint(text[..colon], port) : null;
    }
}
