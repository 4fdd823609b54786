using Mesh.Hosting.Observability;
using Mesh.Seed.Routing;

namespace Mesh.State.Tests.Hosting;

public sealed class LabelsTests
{
    [Fact]
    public void Values_are_words_in_snake_case()
    {
        Assert.Equal("deadline_exceeded", Labels.Of(RequestOutcome.DeadlineExceeded));
        Assert.Equal(["answered", "failed", "lost", "refused", "returned"], Labels.All<AttemptEnd>().Order(StringComparer.Ordinal));
        Assert.Equal("_OTHER", Labels.Of((RequestOutcome)99));
    }

    [Fact]
    public void Asking_for_one_allocates_nothing()
    {
        _ = Labels.Of(AttemptEnd.Lost);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _ = Labels.Of(AttemptEnd.Lost);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void What_is_no_failure_of_the_mesh_has_no_class_of_failure()
    {
        Assert.Equal(
            ["deadline_exceeded", "failed", "overloaded", "unavailable"],
            Enum.GetValues<RequestOutcome>().Select(outcome => EndLabels.ErrorOf(outcome)).OfType<string>().Order(StringComparer.Ordinal));
        Assert.Equal(
            ["failed", "lost", "returned"],
            Enum.GetValues<AttemptEnd>().Select(end => EndLabels.ErrorOf(end)).OfType<string>().Order(StringComparer.Ordinal));
        Assert.Equal(("dropped", null), (EndLabels.Of(null), EndLabels.ErrorOf(null)));
    }
}
