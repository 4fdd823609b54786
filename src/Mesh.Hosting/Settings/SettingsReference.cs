using System.Collections;
using System.Globalization;
using System.Text;
using Akka.Configuration;

namespace Mesh.Hosting.Settings;

/// <summary>
/// The commented reference of a program's settings as HOCON: each with what it needs and its default, taken from the code
/// that reads it (<see cref="SettingsReader.Defaults"/>), and the keys of Akka with the values of the program's file.
/// </summary>
public static class SettingsReference
{
    private const int Width = 130;

    /// <param name="reader">One that the program's settings were read from, so that it knows their defaults.</param>
    /// <param name="file">The program's configuration file, e.g. <c>seed.conf</c>.</param>
    /// <param name="hocon">What stands in it.</param>
    public static string Write(string program, IReadOnlyList<Setting> known, SettingsReader reader, string file, Config hocon)
    {
        var text = new StringBuilder();
        Comment(text, "", $"Every setting of {program} with its default, as '{program} --print-reference' prints it. The program does not read "
            + $"this file: put what you change into hocon/{file}, the environment or the command line; the later one wins.");
        Comment(text, "", "Durations are a number with ms, s, m, h or d, and above 0. Sizes are in bytes. A value in '# name = …' is no default: "
            + "the setting is needed, or what holds without it is told above it.");
        text.Append("\nmesh {\n");
        text.AppendJoin('\n', known.Where(setting => !setting.IsSwitch).Select(setting => Entry(setting, reader.Defaults)));
        text.Append("}\n\n");
        Comment(text, "", $"What has no option of its own, with the values of hocon/{file}.");
        text.Append('\n');
        text.AppendJoin('\n', AkkaKey.All.Where(key => hocon.HasPath(key.Path)).Select(key => Entry(key, hocon)));
        return text.ToString();
    }

    private static string Entry(Setting setting, IReadOnlyDictionary<string, object?> defaults)
    {
        var text = new StringBuilder();
        var known = defaults.TryGetValue(setting.Name, out var value);
        if (!known)
            throw new InvalidOperationException($"The setting {setting.Name} is known but never read.");
        var literal = setting.WhenNotSet is null ? Literal(value) : null;
        Comment(text, "  ", $"{Capital(setting.Needs)}.");
        Comment(text, "  ", $"--{setting.Name}, {setting.EnvironmentName}; " + (value, setting.WhenNotSet, literal) switch
        {
            (null, _, _) => "needed",
            (_, { } otherwise, _) => $"when not set: {otherwise}",
            (_, _, null) => "default: not set",
            _ => $"default: {literal}",
        });
        return text.Append(literal is null ? $"  # {setting.Name} = …\n" : $"  {setting.Name} = {literal}\n").ToString();
    }

    private static string Entry(AkkaKey key, Config hocon)
    {
        var text = new StringBuilder();
        Comment(text, "", $"{Capital(key.Needs)}.");
        return text.Append(CultureInfo.InvariantCulture, $"{key.Path} = {hocon.GetString(key.Path)}\n").ToString();
    }

    /// <summary>The value as one writes it; null for one that stands for 'not set'.</summary>
    private static string? Literal(object? value) => value switch
    {
        null or "" => null,
        TimeSpan time => time.TotalSeconds % 1 == 0 ? $"{time.TotalSeconds:0}s" : $"{time.TotalMilliseconds:0}ms",
        Enum choice => Quoted(choice.ToString().ToLowerInvariant()),
        bool yes => yes ? "true" : "false",
        int or long => Convert.ToString(value, CultureInfo.InvariantCulture),
        string text => Quoted(text),
        IEnumerable items => items.Cast<object>().Any()
            ? Quoted(string.Join(',', items.Cast<object>().Select(item => Convert.ToString(item, CultureInfo.InvariantCulture))))
            : null,
        _ => Quoted(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
    };

    private static string Quoted(string text) =>
        text.All(char.IsAsciiLetter) ? text : "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static void Comment(StringBuilder text, string indent, string sentence)
    {
        var line = indent + "#";
        foreach (var word in sentence.Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                text.Append(line).Append('\n');
                line = indent + "#";
            }

            line += " " + word;
        }

        text.Append(line).Append('\n');
    }
}
