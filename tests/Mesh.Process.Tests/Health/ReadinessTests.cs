using System.Net;
using System.Text.Json;
using Mesh.Demo.Processes;
using Mesh.Process.Tests.Churn;
using Mesh.Process.Tests.Meshes;
using Mesh.Process.Tests.Processes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Health;

/// <summary>A seed is red while it cannot do its part, and green again without anybody's doing.</summary>
public sealed class ReadinessTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("mesh-health-").FullName;
    private readonly HttpClient _http = LoopbackHttp.NewClient();

    public void Dispose()
    {
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [PostgresFact(OwnServer = true)]
    public async Task Without_its_database_a_seed_is_not_ready_and_with_it_it_is_again()
    {
        await using var database = await PostgresServer.StartAsync();
        await using var seed = SeedProcess.Start(new SeedOptions
        {
            Journal = await database.CreateDatabaseAsync(),
            DataFolder = Path.Combine(_folder, "seed"),
            ModelsFolder = Checkout.Models,
        });
        await seed.WaitUntilReadyAsync(Limit);
        var (status, body) = await AskAsync(seed, "/v2/health/ready");
        Assert.Equal((HttpStatusCode.OK, "degraded", "vehicles"), (status, body.GetProperty("status").GetString(), Codes(body)));
        (status, body) = await AskAsync(seed, "/v2/models/fashion_cnn/ready");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("model 'fashion_cnn' cannot be served: no vehicle is connected to this seed", body.GetProperty("error").GetString());

        await database.StopAsync();
        await UntilAsync(seed, HttpStatusCode.BadRequest, "journal");
        // The process is sound, and starting it again would help nobody.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(seed, "/v2/health/live")).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(seed, "/healthz/startup")).Status);

        await database.StartAgainAsync();
        await UntilAsync(seed, HttpStatusCode.OK, "vehicles");
    }

    [PostgresFact]
    public async Task A_seed_that_sees_a_minority_is_not_ready_until_it_sees_the_others_again()
    {
        // A minority ends itself after that: on a loaded machine nobody might see it red before.
        var patient = SeedWith("seed-down-after = 5s", "seed-down-after = 30s");
        await using var region = await ChurningRegion.StartAsync(vehicles: 0, patient);
        var (seed, others) = (region.Seeds[0], region.Seeds.Skip(1).ToList());
        foreach (var other in others)
            Signals.Freeze(other.Process);
        try
        {
            await UntilAsync(seed, HttpStatusCode.BadRequest, "majority");
        }
        finally
        {
            foreach (var other in others)
                Signals.Thaw(other.Process);
        }

        await UntilAsync(seed, HttpStatusCode.OK, "vehicles");
        Assert.Null(seed.Process.ExitCode);
    }

    /// <summary>The folder of a seed's program that differs in one place of its hocon/seed.conf.</summary>
    private string SeedWith(string shipped, string changed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "program")).FullName;
        foreach (var path in Directory.GetFileSystemEntries(AppContext.BaseDirectory))
        {
            var (name, copy) = (Path.GetFileName(path), Path.Combine(folder, Path.GetFileName(path)));
            // The program itself is not linked: its folder would be the one that the link leads to.
            if (name.StartsWith("Mesh.Seed.", StringComparison.Ordinal))
                File.Copy(path, copy);
            else if (name != "hocon")
                File.CreateSymbolicLink(copy, path);
        }

        var hocon = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "seed.conf"));
        Assert.Contains(shipped, hocon, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(folder, "hocon"));
        File.WriteAllText(Path.Combine(folder, "hocon", "seed.conf"), hocon.Replace(shipped, changed, StringComparison.Ordinal));
        return folder;
    }

    /// <param name="code">Among the reasons.</param>
    private Task UntilAsync(SeedProcess seed, HttpStatusCode expected, string code) => ChurningRegion.UntilAsync(
        async () =>
        {
            var (status, body) = await AskAsync(seed, "/v2/health/ready");
            return status == expected && Codes(body).Split(',').Contains(code);
        },
        Limit,
        $"HTTP {(int)expected} for '{code}' of {seed.Options.Name}\n{seed.Process.Tail()}");

    private async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(SeedProcess seed, string path)
    {
        using var response = await _http.GetAsync(new Uri(seed.Http, path));
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private static string Codes(JsonElement body) =>
        string.Join(',', body.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetProperty("code").GetString()));
}
