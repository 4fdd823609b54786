using System.Net;
using System.Text.Json;

namespace Mesh.State.Tests.Ingress.Rest;

internal static class RestErrors
{
    /// <summary>The response is OIP's error object: one field, a plain string that holds the expected text.</summary>
    public static async Task AssertAsync(HttpStatusCode status, string expected, HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var json = JsonDocument.Parse(text);
        var field = Assert.Single(json.RootElement.EnumerateObject());
        Assert.Equal("error", field.Name);
        Assert.Contains(expected, field.Value.GetString(), StringComparison.Ordinal);
        if (status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            Assert.True(response.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
    }
}
