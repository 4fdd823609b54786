using System.Globalization;
using Mesh.Messages.Control;
using Mesh.Seed.Batches;

namespace Mesh.State.Tests.Batches;

/// <summary>
/// One batch on vehicles that run their units' lines one after the other, in steps of half a second; some are killed on the
/// way, at random or by a line, and come back after some seconds.
/// </summary>
/// <param name="killEvery">Seconds; null = nobody is killed at random.</param>
/// <param name="killer">The line that takes down whoever runs it; null = none does.</param>
internal sealed class ChurningDesk
{
    private const double Step = 0.5;

    private readonly DeskDriver _desk = new();
    private readonly Random _random;
    private readonly double _secondsPerLine;
    private readonly double? _killEvery;
    private readonly int? _killer;
    private readonly Dictionary<string, double> _back = [];
    private readonly Dictionary<string, double> _worked = [];
    private double _time;

    public ChurningDesk(int lines, int vehicles, double secondsPerLine, double? killEvery, int? killer, int seed = 1)
    {
        (_secondsPerLine, _killEvery, _killer, _random) = (secondsPerLine, killEvery, killer, new Random(seed));
        for (var i = 1; i <= vehicles; i++)
            Connect(string.Create(CultureInfo.InvariantCulture, $"V-{i}"));
        Batch = _desk.Begin(lines);
    }

    public Batch Batch { get; }

    public int Kills { get; private set; }

    public IEnumerable<CloseOut> Verdicts => _desk.WrittenOff;

    public void Play(double seconds)
    {
        var (nextKill, written) = (_killEvery ?? double.MaxValue, 0);
        for (; _time < seconds && !Batch.IsOver; _time += Step)
        {
            foreach (var vehicle in _back.Where(back => back.Value <= _time).Select(back => back.Key).ToList())
                Connect(vehicle);
            foreach (var vehicle in _worked.Keys.ToList())
                Work(vehicle);
            if (_time >= nextKill && _worked.Count > 0)
            {
                Kill(_worked.Keys.ElementAt(_random.Next(_worked.Count)));
                nextKill += _killEvery!.Value;
            }

            EndUnits();
            foreach (var over in Verdicts.Skip(written).ToList())
                _desk.Write(Batch, new UnitOutcomes(0, [], over.Lines));
            written = Verdicts.Count();
            _desk.Pass(Step);
        }
    }

    private void Connect(string vehicle)
    {
        _back.Remove(vehicle);
        _worked[vehicle] = 0;
        _desk.Connect(vehicle);
    }

    private void Kill(string vehicle)
    {
        Kills++;
        _worked.Remove(vehicle);
        _back[vehicle] = _time + 3 + _random.NextDouble() * 3;
        _desk.Vanish(vehicle);
    }

    private void Work(string vehicle)
    {
        _worked[vehicle] += Step;
        while (_worked.TryGetValue(vehicle, out var worked) && worked >= _secondsPerLine)
        {
            if (_desk.UnitsOf(vehicle) is not [var unit, ..])
            {
                _worked[vehicle] = 0;
                return;
            }

            var count = Math.Min((int)(worked / _secondsPerLine), unit.Left.Count);
            _worked[vehicle] -= count * _secondsPerLine;
            var lines = unit.Left.First(count);
            if (_killer is { } killer && new LineSet(lines).Contains(killer))
            {
                Kill(vehicle);
                return;
            }

            _desk.Answer(unit, [.. lines]);
            if (!_desk.Units.ContainsKey(unit.Number))
            {
                _desk.Tell(new UnitClosed(_desk.RunOf(Batch), Batch.Id, unit.Number, unit.Vehicle, null, _secondsPerLine, count, []));
            }
        }
    }

    /// <summary>Runs close what they are told to.</summary>
    private void EndUnits()
    {
        foreach (var end in _desk.Effects.OfType<EndUnit>().ToList())
        {
            if (_desk.Units.TryGetValue(end.Unit, out var unit))
                _desk.Close(unit, end.How);
        }
    }
}
