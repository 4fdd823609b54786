using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Mesh.Hosting;
using Mesh.Messages;
using Mesh.Testing;

namespace Mesh.State.Tests.Hosting;

/// <summary>An ActorSystem as a seed builds it, on a free port, with the shipped hocon/seed.conf; it joins nobody.</summary>
public sealed class SeedSystem : IAsyncLifetime
{
    public ActorSystem System { get; } = MemberSystems.Create(MeshSystem.SeedRoles(MemberSystems.Region), "seed.conf");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => System.Terminate();
}

/// <summary>The same as a session of a vehicle builds it, with the shipped hocon/vehicle.conf.</summary>
public sealed class VehicleSystem : IAsyncLifetime
{
    public ActorSystem System { get; } = MemberSystems.Create(
        MeshSystem.VehicleRoles(MemberSystems.Region, new VehicleId("V-1"), new SessionEpoch(7)), "vehicle.conf");

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => System.Terminate();
}

internal static class MemberSystems
{
    public static RegionName Region { get; } = new("test");

    public static Config Shipped(string file) => ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(Checkout.Root, "hocon", file)));

    public static ActorSystem Create(IReadOnlyList<string> roles, string file) =>
        MeshSystem.Create(new MemberOptions("127.0.0.1", IPAddress.Loopback, 0, roles, []), Shipped(file));
}
