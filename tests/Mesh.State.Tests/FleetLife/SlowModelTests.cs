using Mesh.Benchmarks.FleetLife;
using Mesh.Testing;

namespace Mesh.State.Tests.FleetLife;

public sealed class SlowModelTests
{
    [Fact]
    public void The_file_is_the_tests_own_loop() => Assert.Equal(OnnxFile.DoublingLoop(), File.ReadAllBytes(SlowModel.Artifact));
}
