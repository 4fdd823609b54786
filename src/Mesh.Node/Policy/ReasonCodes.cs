namespace Mesh.Node.Policy;

/// <summary>Why a vehicle does not work. Stable: owners, logs and statistics go by them. What each means: docs/policy.md.</summary>
public static class ReasonCodes
{
    public const string NoConsent = "NO_CONSENT";
    public const string NoModelConsent = "NO_MODEL_CONSENT";
    public const string Moving = "MOVING";
    public const string TooFast = "TOO_FAST";
    public const string InUse = "IN_USE";
    public const string Unlocked = "UNLOCKED";
    public const string SavingPower = "SAVING_POWER";
    public const string Departing = "DEPARTING";
    public const string NotPluggedIn = "NOT_PLUGGED_IN";
    public const string LowCharge = "LOW_CHARGE";
    public const string NotCharging = "NOT_CHARGING";
    public const string BatteryHot = "BATTERY_HOT";
    public const string ComputerHot = "COMPUTER_HOT";
    public const string MemoryLow = "MEMORY_LOW";
    public const string NetworkNotAllowed = "NETWORK_NOT_ALLOWED";
    public const string NetworkMetered = "NETWORK_METERED";
    public const string ByteQuotaUsed = "BYTE_QUOTA_USED";
    public const string OutsideHours = "OUTSIDE_HOURS";
    public const string QuietHours = "QUIET_HOURS";
    public const string PriceTooHigh = "PRICE_TOO_HIGH";
    public const string EnergyCapUsed = "ENERGY_CAP_USED";

    /// <summary>No rule of the owner's: an operator drained the vehicle.</summary>
    public const string OperatorDrain = "OPERATOR_DRAIN";

    /// <summary>A rule's signal is not known; the denial names the rule.</summary>
    public const string SignalUnknown = "SIGNAL_UNKNOWN";
}
