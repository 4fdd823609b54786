using System.Net;
using System.Text;
using Mesh.Seed.Ingress.Rest;
using Microsoft.AspNetCore.Http.Features;

namespace Mesh.Seed.Dashboard;

/// <summary>What the page asks for: its stream of events, and explanations.</summary>
internal sealed class DashboardEndpoints(DashboardFeed feed, ReadOnlyCommands commands, DashboardOptions options, IHostApplicationLifetime lifetime)
{
    public const string ExplainPath = "/mesh/explain/";

    private const int MaxIdLength = 256;

    private int _explanations;

    /// <summary>Server-sent events, one type for each panel, with its whole content as JSON, until the viewer or the seed leaves.</summary>
    public async Task EventsAsync(HttpContext context)
    {
        if (await IsForeignAsync(context))
            return;
        using var viewer = feed.Enter();
        if (viewer is null)
        {
            await RestResponse.WriteErrorAsync(
                context, StatusCodes.Status503ServiceUnavailable, $"{options.MaxViewers} pages are open at this seed, and it takes no more: close one");
            return;
        }

        DashboardFiles.Protect(context.Response);
        // A seed that leaves does not wait for those who look at it.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await TypedResults.ServerSentEvents(viewer.EventsAsync(end.Token)).ExecuteAsync(context);
    }

    /// <summary>Why the vehicle, batch or request with this id is where it is, in the form of <see cref="ReadOnlyCommands"/>.</summary>
    public async Task ExplainAsync(HttpContext context)
    {
        if (await IsForeignAsync(context))
            return;
        var id = IdOf(context);
        if (id.Length is 0 or > MaxIdLength)
        {
            await RestResponse.WriteErrorAsync(
                context, StatusCodes.Status400BadRequest, $"{ExplainPath} needs the id of a vehicle, batch or request, of at most {MaxIdLength} characters");
            return;
        }

        if (Interlocked.Increment(ref _explanations) > options.MaxExplanations)
        {
            Interlocked.Decrement(ref _explanations);
            await RestResponse.WriteErrorAsync(
                context, StatusCodes.Status503ServiceUnavailable, $"{options.MaxExplanations} explanations are under way: try again in a moment");
            return;
        }

        try
        {
            var json = await commands.AskAsync(new Question("mesh explain") { Subject = id }, context.RequestAborted);
            DashboardFiles.Protect(context.Response);
            context.Response.Headers.CacheControl = "no-store";
            await RestResponse.WriteBodyAsync(context, RestResponse.Json, Encoding.UTF8.GetBytes(json));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        finally
        {
            Interlocked.Decrement(ref _explanations);
        }
    }

    /// <summary>From the target as it was sent: a decoded path cannot tell a slash of the id from one of the path.</summary>
    private static string IdOf(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var start = target.IndexOf(ExplainPath, StringComparison.Ordinal);
        return start < 0 ? "" : Uri.UnescapeDataString(target[(start + ExplainPath.Length)..].Split('?')[0]);
    }

    /// <summary>
    /// Other sites' pages cannot read an answer, and shall not use up places either: browsers say so by themselves. One whose name
    /// was made to lead here (DNS rebinding) is this page's own site to them, so that its name must be known.
    /// </summary>
    private async ValueTask<bool> IsForeignAsync(HttpContext context)
    {
        if (!IsOwnName(context.Request.Host.Host))
        {
            await RestResponse.WriteErrorAsync(
                context,
                StatusCodes.Status421MisdirectedRequest,
                $"this seed is asked by its address, as localhost or as {options.Host} (--host), not by another name");
            return true;
        }

        if (context.Request.Headers["Sec-Fetch-Site"] is not [("cross-site" or "same-site")])
            return false;
        await RestResponse.WriteErrorAsync(context, StatusCodes.Status403Forbidden, "only this seed's own page may ask for it");
        return true;
    }

    private bool IsOwnName(string host) =>
        host.Equals(options.Host, StringComparison.OrdinalIgnoreCase) || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _);
}
