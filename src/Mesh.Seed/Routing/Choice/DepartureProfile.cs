using System.Runtime.CompilerServices;

namespace Mesh.Seed.Routing.Choice;

/// <summary>How a vehicle differs from its fleet: departures and those expected of it, by part of the day on workdays and weekends.</summary>
internal sealed class DepartureProfile
{
    /// <summary>Numbers in its lasting form: departures, then expected ones.</summary>
    public const int Length = 2 * Parts;

    private const int Parts = 16;

    /// <summary>Hours in a part of the day.</summary>
    private const int PartHours = 3;

    /// <summary>Expected departures that a prior weighs as much as.</summary>
    private const double VehiclePrior = 2;
    private const double PartPrior = 1.5;

    /// <summary>What is left of the older evidence with each session: the last fifty or so count.</summary>
    private const float Fading = 0.98f;

    private Numbers _left;
    private Numbers _expected;
    private Numbers _factors;

    public DepartureProfile() => Settle(default);

    public DateTimeOffset LastSeen { get; private set; }

    /// <summary>By which the fleet's rate is multiplied in this hour of the week.</summary>
    public double Factor(int hourOfWeek) => _factors[Part(hourOfWeek)];

    public void Fade()
    {
        for (var part = 0; part < Parts; part++)
        {
            _left[part] *= Fading;
            _expected[part] *= Fading;
        }
    }

    public void Expect(int hourOfWeek, double departures) => _expected[Part(hourOfWeek)] += (float)departures;

    public void Left(int hourOfWeek) => _left[Part(hourOfWeek)]++;

    /// <summary>Gamma-Poisson: each factor is what was seen over what was expected, as if the level above had been seen before.</summary>
    public void Settle(DateTimeOffset seen)
    {
        LastSeen = seen;
        var (left, expected) = (0.0, 0.0);
        for (var part = 0; part < Parts; part++)
            (left, expected) = (left + _left[part], expected + _expected[part]);
        var vehicle = (left + VehiclePrior) / (expected + VehiclePrior);
        for (var part = 0; part < Parts; part++)
            _factors[part] = (float)((_left[part] + PartPrior * vehicle) / (_expected[part] + PartPrior));
    }

    public float[] ToFactors()
    {
        var numbers = new float[Length];
        for (var part = 0; part < Parts; part++)
            (numbers[part], numbers[Parts + part]) = (_left[part], _expected[part]);
        return numbers;
    }

    public void Restore(IReadOnlyList<float> numbers, DateTimeOffset seen)
    {
        for (var part = 0; part < Parts; part++)
            (_left[part], _expected[part]) = (Sane(numbers[part]), Sane(numbers[Parts + part]));
        Settle(seen);
    }

    private static float Sane(float number) => float.IsFinite(number) && number > 0 ? Math.Min(number, 1e6f) : 0;

    // .NET's ticks begin on a Monday.
    private static int Part(int hourOfWeek) => (hourOfWeek % 24 / PartHours) + (hourOfWeek >= 5 * 24 ? 8 : 0);

    [InlineArray(Parts)]
    private struct Numbers
    {
        private float _first;
    }
}
