using System.Net;
using Mesh.Hosting.Operations;

namespace Mesh.State.Tests.Operations;

/// <summary>What a seed tells vehicles of its operators' port.</summary>
public sealed class OperatorsAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 9110, "127.0.0.1", "127.0.0.1:9110")]
    [InlineData("127.0.0.1", 9110, "localhost", "127.0.0.1:9110")]
    [InlineData("127.0.0.2", 31000, "127.0.0.3", "127.0.0.2:31000")]
    [InlineData("::1", 9110, "127.0.0.1", "[::1]:9110")]
    [InlineData("10.0.0.5", 9110, "seed-1.example", "10.0.0.5:9110")]
    [InlineData("fd00::5", 9110, "seed-1.example", "[fd00::5]:9110")]
    [InlineData("0.0.0.0", 9110, "seed-1.example", "seed-1.example:9110")]
    [InlineData("::", 9110, "fd00::7", "[fd00::7]:9110")]
    public void It_is_what_the_port_is_bound_to_or_where_members_reach_the_seed(string bind, int port, string host, string address) =>
        Assert.Equal(address, OperatorsAddress.Of(IPAddress.Parse(bind), port, host));

    /// <summary>It would lead another machine to itself.</summary>
    [Theory]
    [InlineData("127.0.0.1", "seed-1.example")]
    [InlineData("::1", "10.0.0.5")]
    public void A_loopback_port_of_a_seed_that_others_reach_is_not_told(string bind, string host) =>
        Assert.Equal("", OperatorsAddress.Of(IPAddress.Parse(bind), 9110, host));

    [Fact]
    public void A_port_that_is_not_open_is_not_told() => Assert.Equal("", OperatorsAddress.Of(IPAddress.Any, null, "seed-1.example"));
}
