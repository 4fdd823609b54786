namespace Mesh.Demo;

/// <summary>The answers so far. Thread-safe.</summary>
internal sealed class Tally
{
    private readonly Lock _lock = new();
    private readonly List<PictureAnswer> _answers = [];
    private readonly SortedDictionary<string, int> _perVehicle = new(StringComparer.Ordinal);
    private int _failed;

    /// <param name="vehicles">Those to be shown even before they answered anything.</param>
    public Tally(IEnumerable<string> vehicles)
    {
        foreach (var vehicle in vehicles)
            _perVehicle[vehicle] = 0;
    }

    public void Add(PictureAnswer answer)
    {
        lock (_lock)
        {
            _answers.Add(answer);
            if (answer.Failure is not null)
                _failed++;
            else
                _perVehicle[answer.Vehicle ?? "?"] = _perVehicle.GetValueOrDefault(answer.Vehicle ?? "?") + 1;
        }
    }

    public int AnsweredBy(string vehicle)
    {
        lock (_lock)
            return _perVehicle.GetValueOrDefault(vehicle);
    }

    public (int Answered, int Failed, IReadOnlyList<(string Vehicle, int Answers)> PerVehicle) Snapshot()
    {
        lock (_lock)
            return (_answers.Count - _failed, _failed, [.. _perVehicle.Select(entry => (entry.Key, entry.Value))]);
    }

    public IReadOnlyList<PictureAnswer> Answers()
    {
        lock (_lock)
            return [.. _answers.OrderBy(answer => answer.Number)];
    }
}
