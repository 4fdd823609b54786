using System.Net;
using Mesh.Hosting;

namespace Mesh.Seed.Hosting;

/// <summary>
/// <c>--health</c>: asks the seed that runs with the same settings whether it takes requests, and says so by the exit code.
/// For supervisors that can only run a program in the seed's container, whose image has no shell and no HTTP client.
/// </summary>
public static class HealthProbe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <returns><see cref="ExitCodes.Ok"/> when it is ready, else <see cref="ExitCodes.NotReady"/>; the reason is printed.</returns>
    public static async Task<int> RunAsync(SeedSettings settings)
    {
        var bind = IPAddress.Any.Equals(settings.Bind) ? IPAddress.Loopback
            : IPAddress.IPv6Any.Equals(settings.Bind) ? IPAddress.IPv6Loopback
            : settings.Bind;
        var address = new UriBuilder(Uri.UriSchemeHttp, bind.ToString(), settings.HttpPort, "/v2/health/ready").Uri;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
        try
        {
            using var response = await client.GetAsync(address);
            Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            return response.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.NotReady;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Console.Error.WriteLine($"{address} does not answer: {e.Message}");
            return ExitCodes.NotReady;
        }
    }
}
