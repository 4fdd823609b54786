namespace Mesh.Demo.Scenarios;

/// <summary>How a car stands or moves, until the next change of its day. Begins locked and switched off, at home, not plugged in.</summary>
internal sealed record CarState
{
    public bool IsMoving => SpeedKmh > 0;

    public double SpeedKmh { get; init; }

    /// <summary>VSS's <c>LowVoltageSystemState</c>.</summary>
    public string Supply { get; init; } = "LOCK";

    public bool IsLocked { get; init; } = true;

    public bool IsPluggedIn { get; init; }

    /// <summary>Of the battery, percent an hour; below 0 = out of it.</summary>
    public double PercentPerHour { get; init; }

    /// <summary>Where the battery's temperature goes, °C.</summary>
    public double BatteryTowards { get; init; } = 20;

    /// <summary>When its owner has told it to be ready; null = nothing told.</summary>
    public DateTimeOffset? Departure { get; init; }

    public string Network { get; init; } = "WIFI";

    public bool IsMetered { get; init; }

    /// <summary>Somebody opens the car and switches it on: still plugged in, if it was.</summary>
    public CarState Entered() => this with { Supply = "ON", IsLocked = false };

    /// <param name="percentPerHour">What driving takes out of the battery.</param>
    public CarState Driving(double speedKmh = 50, double percentPerHour = 12) => OnMobileNetwork() with
    {
        SpeedKmh = speedKmh,
        Supply = "ON",
        IsLocked = true,
        IsPluggedIn = false,
        PercentPerHour = -percentPerHour,
        Departure = null,
    };

    /// <summary>It stands, locked and switched off, where it has only its own network.</summary>
    public CarState Parked() => this with { SpeedKmh = 0, Supply = "LOCK", IsLocked = true, PercentPerHour = 0 };

    public CarState AtHome() => this with { Network = "WIFI", IsMetered = false };

    public CarState OnMobileNetwork() => this with { Network = "CELLULAR", IsMetered = true };

    public CarState PluggedIn(double percentPerHour) => this with { IsPluggedIn = true, PercentPerHour = percentPerHour };

    public CarState Unplugged() => this with { IsPluggedIn = false, PercentPerHour = 0 };
}
