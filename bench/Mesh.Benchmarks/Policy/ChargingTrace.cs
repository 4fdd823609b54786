using System.Globalization;
using System.IO.Compression;
using Mesh.Messages;

namespace Mesh.Benchmarks.Policy;

/// <summary>One car plugged in from <paramref name="PluggedIn"/> to <paramref name="PluggedOut"/>.</summary>
internal sealed record ChargingSession(VehicleId Vehicle, DateTimeOffset PluggedIn, DateTimeOffset PluggedOut);

/// <summary>Real charging sessions, by the time of plugging in. See bench/data/README.md for where they come from.</summary>
internal sealed class ChargingTrace
{
    public const string Attribution = """
        Charging sessions: Sørensen, Å. L. (2024). Electric vehicle charging dataset with 35,000 charging sessions from 12
        residential locations in Norway. Zenodo, DOI 10.5281/zenodo.13896176; article in Data in Brief 57 (2024) 110883.
        Licensed under CC BY 4.0. Changed: times converted to UTC, columns renamed, 38 rows dropped.
        """;

    private const string Header = "vehicle_id,site_id,plug_in_utc,plug_out_utc,charging_end_utc,energy_kwh,latitude,longitude";

    private ChargingTrace(IReadOnlyList<ChargingSession> sessions) => Sessions = sessions;

    /// <summary>Sessions of one car do not overlap: those that do in the source are one.</summary>
    public IReadOnlyList<ChargingSession> Sessions { get; }

    /// <summary>The file that comes with the benchmark.</summary>
    public static string DefaultFile => Path.Combine(AppContext.BaseDirectory, "data", "ev_sessions_home_norway.csv.gz");

    /// <param name="file">CSV, or the same in gzip when its name ends in <c>.gz</c>.</param>
    /// <exception cref="InvalidDataException">A row is not as it should be; the message names file, line and what is wrong.</exception>
    public static ChargingTrace Read(string file)
    {
        using var raw = File.OpenRead(file);
        using var content = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(raw, CompressionMode.Decompress) : (Stream)raw;
        using var reader = new StreamReader(content);
        return Read(reader, Path.GetFileName(file));
    }

    /// <inheritdoc cref="Read(string)"/>
    public static ChargingTrace Read(TextReader reader, string name)
    {
        if (reader.ReadLine() is not { } header || header != Header)
            throw new InvalidDataException($"{name}, line 1: the header must be '{Header}'.");
        var sessions = new List<ChargingSession>();
        for (var line = 2; reader.ReadLine() is { } row; line++)
        {
            try
            {
                sessions.Add(Session(row));
            }
            catch (FormatException wrong)
            {
                throw new InvalidDataException($"{name}, line {line}: {wrong.Message}", wrong);
            }
        }

        return new ChargingTrace(Joined(sessions));
    }

    /// <summary>Sessions that hold any time of a span.</summary>
    public IEnumerable<ChargingSession> Between(DateTimeOffset from, DateTimeOffset to) =>
        Sessions.Where(session => session.PluggedIn < to && session.PluggedOut > from);

    private static ChargingSession Session(string row)
    {
        var fields = row.Split(',');
        if (fields.Length != 8)
            throw new FormatException($"it has {fields.Length} fields instead of 8.");
        var (pluggedIn, pluggedOut) = (Time(fields[2], "plug_in_utc"), Time(fields[3], "plug_out_utc"));
        if (pluggedOut <= pluggedIn)
            throw new FormatException($"plug_out_utc {fields[3]} is not after plug_in_utc {fields[2]}.");
        return new ChargingSession(new VehicleId(fields[0]), pluggedIn, pluggedOut);
    }

    private static DateTimeOffset Time(string text, string column) =>
        DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new FormatException($"{column} '{text}' is not a time such as 2020-01-06T07:30:00Z.");

    // An id is a charge-point account: a few of them plug in a second time before they plug out.
    private static List<ChargingSession> Joined(List<ChargingSession> sessions)
    {
        var joined = new List<ChargingSession>(sessions.Count);
        var last = new Dictionary<VehicleId, int>();
        foreach (var session in sessions.OrderBy(s => s.PluggedIn).ThenBy(s => s.Vehicle.Value, StringComparer.Ordinal))
        {
            if (last.TryGetValue(session.Vehicle, out var at) && joined[at].PluggedOut >= session.PluggedIn)
            {
                if (session.PluggedOut > joined[at].PluggedOut)
                    joined[at] = joined[at] with { PluggedOut = session.PluggedOut };
                continue;
            }

            last[session.Vehicle] = joined.Count;
            joined.Add(session);
        }

        return joined;
    }
}
