namespace Mesh.Node.Metering;

/// <summary>How a reading came about; a sum has those of all its parts (docs/metering.md).</summary>
[Flags]
public enum MeterMethods
{
    None = 0,

    /// <summary>CPU time by the clock of the thread that ran.</summary>
    ThreadCpu = 1,

    /// <summary>CPU time of the whole process, shared among the runs under way.</summary>
    ProcessShare = 2,

    /// <summary>No CPU clock here: the time on the wall stands for it.</summary>
    WallClock = 4,

    /// <summary>Energy by the power model of the device class.</summary>
    Model = 8,

    /// <summary>Energy by the processor's own counters.</summary>
    Rapl = 16,

    /// <summary>Energy by a sensor of the computer.</summary>
    Hwmon = 32,

    /// <summary>Energy by the vehicle's signal of the computer's power.</summary>
    PowerSignal = 64,
}
