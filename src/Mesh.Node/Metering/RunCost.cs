namespace Mesh.Node.Metering;

/// <summary>What one or several runs of a model took.</summary>
/// <param name="EnergyErrorUj">By how much the energy may be off, either way.</param>
/// <param name="Runs">Runs in ONNX Runtime that it had a part in.</param>
public readonly record struct RunCost(TimeSpan Wall, TimeSpan Cpu, long EnergyUj, long EnergyErrorUj, MeterMethods Methods, int Runs)
{
    public static RunCost operator +(RunCost one, RunCost other) => new(
        one.Wall + other.Wall,
        one.Cpu + other.Cpu,
        one.EnergyUj + other.EnergyUj,
        one.EnergyErrorUj + other.EnergyErrorUj,
        one.Methods | other.Methods,
        one.Runs + other.Runs);

    public static RunCost Add(RunCost left, RunCost right) => left + right;

    /// <summary>
    /// Who had the rows from <paramref name="first"/> on of a run of <paramref name="rows"/>. The parts of neighbours add up to
    /// the whole, to the microjoule and the tick.
    /// </summary>
    /// <param name="count">Of rows; first + count are at most <paramref name="rows"/>.</param>
    public RunCost Part(int first, int count, int rows)
    {
        return this with { Wall = new(Of(Wall.Ticks)), Cpu = new(Of(Cpu.Ticks)), EnergyUj = Of(EnergyUj), EnergyErrorUj = Of(EnergyErrorUj) };

        // The difference of two rounded positions, so that what one part loses by rounding its neighbour gets.
        long Of(long whole) => UpTo(whole, first + count) - UpTo(whole, first);

        long UpTo(long whole, int row) => (long)((Int128)whole * row / rows);
    }
}
