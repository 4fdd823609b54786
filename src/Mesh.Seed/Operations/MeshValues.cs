using Mesh.Messages.Control;
using Mesh.Operations;
using Mesh.Operations.Palettes;
using Mesh.Seed.Routing.Queries;

namespace Mesh.Seed.Operations;

/// <summary>Values that a seed knows for the arguments of the palette <c>mesh</c>.</summary>
internal sealed class MeshValues(RegionDesk desk)
{
    /// <summary>What is given to a vehicle is given to one that is there.</summary>
    private static readonly string[] Steering = ["load", "unload", "drain", "resume"];

    private const string BatchPrefix = "batch_";

    /// <summary>Of batches, that are looked through for one that begins so.</summary>
    private const int MaxPages = 10;

    public async Task<IEnumerable<string>> CompleteAsync(SoughtValue sought, CancellationToken cancellation)
    {
        var found = new List<string>();
        foreach (var kind in sought.Kinds)
        {
            found.AddRange(kind switch
            {
                ValueKinds.Vehicle => await VehiclesAsync(sought, cancellation),
                ValueKinds.Model => Models(sought.Begun),
                ValueKinds.Batch when IsAsked(sought) => await BatchesAsync(sought.Begun, cancellation),
                _ => [],
            });
        }

        return found;
    }

    /// <summary>Among other kinds a batch's id is offered once it is begun, so that those need not wait for the job router.</summary>
    private static bool IsAsked(SoughtValue sought) =>
        sought.Kinds.Count == 1
        || (sought.Begun.Length > 0 && (sought.Begun.StartsWith(BatchPrefix, StringComparison.Ordinal) || BatchPrefix.StartsWith(sought.Begun, StringComparison.Ordinal)));

    private async Task<IEnumerable<string>> VehiclesAsync(SoughtValue sought, CancellationToken cancellation)
    {
        var query = new ListVehicleIds(sought.Begun, Steering.Contains(sought.Command), OperationsLimits.Candidates);
        return (await desk.AskAsync(query, cancellation)).Select(vehicle => vehicle.Value);
    }

    /// <summary>Names, and versions once one is asked for.</summary>
    private IEnumerable<string> Models(string begun) => desk.Models.Versions.Select(version =>
        begun.Contains('/', StringComparison.Ordinal) ? $"{version.Name}/{version.Version}" : version.Name);

    /// <summary>The newest first; without the job router none, as Tab does not wait for a fail-over.</summary>
    private async Task<IEnumerable<string>> BatchesAsync(string begun, CancellationToken cancellation)
    {
        var found = new List<string>();
        string? last = null;
        for (var pages = 0; pages < MaxPages && found.Count < OperationsLimits.Candidates; pages++)
        {
            var page = await desk.AskRouterAsync<BatchPage>(new ListBatches(last, MeshPalette.MaxLimit), cancellation);
            found.AddRange(page.Batches.Select(batch => batch.Id).Where(id => id.StartsWith(begun, StringComparison.Ordinal)));
            if (!page.HasMore || page.Batches is not [.., var oldest])
                break;
            last = oldest.Id;
        }

        return found;
    }
}
