using Mesh.Seed.Ingress;

namespace Mesh.State.Tests.Ingress;

public sealed class ClientKeysTests
{
    private readonly ClientKeys _keys = new();

    [Fact]
    public void A_key_is_one_client_whichever_way_it_comes()
    {
        var client = _keys.Identify("Bearer k-1", null);
        Assert.NotEqual(0u, client);
        Assert.Equal(client, _keys.Identify("bearer  k-1 ", "k-2"));
        Assert.Equal(client, _keys.Identify(null, "k-1"));
        Assert.Equal(client, _keys.Identify("Basic dXNlcg==", "k-1"));
        Assert.NotEqual(client, _keys.Identify(null, "k-2"));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("Bearer ", " ")]
    [InlineData("Basic dXNlcg==", null)]
    public void Requests_without_a_key_are_one_client(string? authorization, string? apiKey) =>
        Assert.Equal(0u, _keys.Identify(authorization, apiKey));

    /// <summary>With the hash alone nobody can try keys out elsewhere.</summary>
    [Fact]
    public void Another_process_gives_another_number() =>
        Assert.NotEqual(_keys.Identify(null, "k-1"), new ClientKeys().Identify(null, "k-1"));
}
