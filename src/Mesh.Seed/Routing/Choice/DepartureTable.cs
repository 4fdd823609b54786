using Mesh.Messages.Control;

namespace Mesh.Seed.Routing.Choice;

/// <summary>
/// The fleet's departures and hours at risk, by hour of week and time plugged in, and the rates fitted to them: by hour,
/// times a factor by time plugged in, times one for the part of the day and the time together, which the product misses.
/// </summary>
internal sealed class DepartureTable
{
    public const int ElapsedBins = 16;

    private const int Cells = DepartureModel.Hours * ElapsedBins;
    private const int Parts = 16;

    /// <summary>Departures an hour of a fleet of which nothing is known: a stay of half a day.</summary>
    private const double PriorRate = 1.0 / 12;

    /// <summary>Departures that the level above weighs as much as.</summary>
    private const double Shrinkage = 2;

    private const int Rounds = 3;

    /// <summary>Hours plugged in at which each bin begins.</summary>
    private static readonly double[] BinStarts = [0, 1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 24, 36, 48, 72, 120];

    private readonly float[] _left = new float[Cells];
    private readonly float[] _hours = new float[Cells];
    private readonly double[] _hourRate = new double[DepartureModel.Hours];
    private readonly double[] _elapsedFactor = new double[ElapsedBins];
    private readonly double[] _rates = new double[Cells];
    private double _departures;
    private bool _stale = true;

    public static int ElapsedBin(double hours)
    {
        if (hours < 18)
            return hours < 2 ? (hours < 1 ? 0 : 1) : 1 + (int)(hours / 2);
        var bin = 10;
        while (bin + 1 < ElapsedBins && hours >= BinStarts[bin + 1])
            bin++;
        return bin;
    }

    /// <summary>Departures an hour; call <see cref="Fit"/> first.</summary>
    public double Rate(int hourOfWeek, int elapsedBin) => _rates[hourOfWeek * ElapsedBins + elapsedBin];

    public void Expose(int hourOfWeek, int elapsedBin, double hours, bool left)
    {
        var cell = hourOfWeek * ElapsedBins + elapsedBin;
        _hours[cell] += (float)hours;
        if (left)
        {
            _left[cell]++;
            _departures++;
        }

        _stale = true;
    }

    public void ForgetBeyond(double departures)
    {
        if (_departures <= departures)
            return;
        for (var cell = 0; cell < Cells; cell++)
            (_left[cell], _hours[cell]) = (_left[cell] / 2, _hours[cell] / 2);
        _departures /= 2;
    }

    public FleetDepartures ToRecord() => new([.. _left], [.. _hours]);

    /// <returns>False when it is of another form, and changes nothing.</returns>
    public bool Restore(FleetDepartures fleet)
    {
        if (fleet.Departures.Count != Cells || fleet.Hours.Count != Cells)
            return false;
        _departures = 0;
        for (var cell = 0; cell < Cells; cell++)
        {
            (_left[cell], _hours[cell]) = (Sane(fleet.Departures[cell]), Sane(fleet.Hours[cell]));
            _departures += _left[cell];
        }

        _stale = true;
        return true;
    }

    /// <summary>Brings the rates up to what was seen, if anything was since the last time.</summary>
    public void Fit()
    {
        if (!_stale)
            return;
        _stale = false;
        var overall = (_departures + Shrinkage) / (_hours.Sum() + Shrinkage / PriorRate);
        Array.Fill(_elapsedFactor, 1);
        for (var round = 0; round < Rounds; round++)
        {
            FitHours(overall);
            FitElapsed();
        }

        FitTogether();
    }

    /// <summary>Each hour of the week leans on the same hour of all workdays or weekend days, and that on the overall rate.</summary>
    private void FitHours(double overall)
    {
        Span<(double Left, double Risk)> ofDay = stackalloc (double, double)[48];
        Span<(double Left, double Risk)> ofWeek = stackalloc (double, double)[DepartureModel.Hours];
        ofDay.Clear();
        for (var hour = 0; hour < DepartureModel.Hours; hour++)
        {
            var (left, risk) = (0.0, 0.0);
            for (var bin = 0; bin < ElapsedBins; bin++)
            {
                left += _left[hour * ElapsedBins + bin];
                risk += _hours[hour * ElapsedBins + bin] * _elapsedFactor[bin];
            }

            ofWeek[hour] = (left, risk);
            ref var day = ref ofDay[DayHour(hour)];
            day = (day.Left + left, day.Risk + risk);
        }

        for (var hour = 0; hour < DepartureModel.Hours; hour++)
        {
            var day = ofDay[DayHour(hour)];
            var usual = (day.Left + Shrinkage) / (day.Risk + Shrinkage / overall);
            _hourRate[hour] = (ofWeek[hour].Left + Shrinkage) / (ofWeek[hour].Risk + Shrinkage / usual);
        }
    }

    private void FitElapsed()
    {
        for (var bin = 0; bin < ElapsedBins; bin++)
        {
            var (left, expected) = (0.0, 0.0);
            for (var hour = 0; hour < DepartureModel.Hours; hour++)
            {
                left += _left[hour * ElapsedBins + bin];
                expected += _hours[hour * ElapsedBins + bin] * _hourRate[hour];
            }

            _elapsedFactor[bin] = (left + Shrinkage) / (expected + Shrinkage);
        }
    }

    private void FitTogether()
    {
        Span<(double Left, double Expected)> together = stackalloc (double, double)[Parts * ElapsedBins];
        together.Clear();
        for (var cell = 0; cell < Cells; cell++)
        {
            var (hour, bin) = (cell / ElapsedBins, cell % ElapsedBins);
            _rates[cell] = _hourRate[hour] * _elapsedFactor[bin];
            ref var both = ref together[Part(hour) * ElapsedBins + bin];
            both = (both.Left + _left[cell], both.Expected + _hours[cell] * _rates[cell]);
        }

        for (var cell = 0; cell < Cells; cell++)
        {
            var (left, expected) = together[Part(cell / ElapsedBins) * ElapsedBins + cell % ElapsedBins];
            _rates[cell] *= (left + Shrinkage) / (expected + Shrinkage);
        }
    }

    // .NET's ticks begin on a Monday.
    private static bool IsWeekend(int hour) => hour >= 5 * 24;

    private static int DayHour(int hour) => hour % 24 + (IsWeekend(hour) ? 24 : 0);

    private static int Part(int hour) => hour % 24 / 3 + (IsWeekend(hour) ? 8 : 0);

    private static float Sane(float number) => float.IsFinite(number) && number > 0 ? number : 0;
}
