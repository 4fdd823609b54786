using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mesh.Seed.Dashboard;

/// <summary>
/// Vehicles by place and state: <c>"places": [{"place": "u0y", "latitude": 50.1, "longitude": 8.7, "states": {"serving": 12}}]</c>.
/// Places are geohashes; when they become too many, they are made shorter, which joins neighbours.
/// </summary>
internal sealed class PlaceSummary(int maxPlaces) : IRowSummary
{
    /// <summary>A vehicle names its state by a few words; whatever else comes is counted together.</summary>
    private const int MaxStates = 16;

    private Dictionary<string, Place> _places = [];
    private int _length = 5;

    public void Add(ImmutableArray<string> columns, ImmutableArray<JsonValue?> cells)
    {
        if (Text(columns, cells, "place") is not { Length: > 0 } place
            || Number(columns, cells, "latitude") is not { } latitude || Number(columns, cells, "longitude") is not { } longitude)
            return;
        PlaceOf(_places, place).Add(Text(columns, cells, "state") ?? "unknown", latitude, longitude, 1);
        while (_places.Count > maxPlaces && _length > 1)
            Shorten();
    }

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("places"u8);
        foreach (var (name, place) in _places)
        {
            writer.WriteStartObject();
            writer.WriteString("place"u8, name);
            writer.WriteNumber("latitude"u8, Math.Round(place.Latitude / place.Count, 4));
            writer.WriteNumber("longitude"u8, Math.Round(place.Longitude / place.Count, 4));
            writer.WriteStartObject("states"u8);
            foreach (var (state, count) in place.States)
                writer.WriteNumber(state, count);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void Shorten()
    {
        _length--;
        var joined = new Dictionary<string, Place>();
        foreach (var (name, place) in _places)
            PlaceOf(joined, name).Join(place);
        _places = joined;
    }

    private Place PlaceOf(Dictionary<string, Place> places, string name)
    {
        name = name[..Math.Min(name.Length, _length)];
        if (!places.TryGetValue(name, out var place))
            places[name] = place = new Place();
        return place;
    }

    private static string? Text(ImmutableArray<string> columns, ImmutableArray<JsonValue?> cells, string column) =>
        Cell(columns, cells, column) is { } cell && cell.TryGetValue<string>(out var text) ? text : null;

    // Through its text, because a value that was made from a decimal does not say that it could be a double.
    private static double? Number(ImmutableArray<string> columns, ImmutableArray<JsonValue?> cells, string column) =>
        Cell(columns, cells, column) is { } cell && double.TryParse(cell.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static JsonValue? Cell(ImmutableArray<string> columns, ImmutableArray<JsonValue?> cells, string column)
    {
        var index = columns.IndexOf(column);
        return index >= 0 && index < cells.Length ? cells[index] : null;
    }

    private sealed class Place
    {
        public Dictionary<string, int> States { get; } = [];

        public double Latitude { get; private set; }

        public double Longitude { get; private set; }

        public int Count { get; private set; }

        public void Add(string state, double latitude, double longitude, int count)
        {
            if (!States.ContainsKey(state) && States.Count == MaxStates)
                state = "other";
            States[state] = States.GetValueOrDefault(state) + count;
            Latitude += latitude;
            Longitude += longitude;
            Count += count;
        }

        public void Join(Place other)
        {
            foreach (var (state, count) in other.States)
                Add(state, 0, 0, count);
            Latitude += other.Latitude;
            Longitude += other.Longitude;
        }
    }
}
