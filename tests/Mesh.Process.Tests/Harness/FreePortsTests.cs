using System.Net;
using System.Net.Sockets;
using Mesh.Demo.Processes;

namespace Mesh.Process.Tests.Harness;

public sealed class FreePortsTests
{
    [Fact]
    public void No_port_is_given_twice()
    {
        var ports = Enumerable.Range(0, 20).AsParallel().SelectMany(_ => FreePorts.Take(10)).ToList();
        Assert.Equal(200, ports.Distinct().Count());
    }

    [Fact]
    public void A_given_port_is_free_and_a_used_one_is_not()
    {
        var port = FreePorts.TakeOne();
        Assert.True(FreePorts.IsFree(port));
        using (var listener = new TcpListener(IPAddress.Any, port))
        {
            listener.Start();
            Assert.False(FreePorts.IsFree(port));
        }

        Assert.True(FreePorts.IsFree(port));
    }
}
