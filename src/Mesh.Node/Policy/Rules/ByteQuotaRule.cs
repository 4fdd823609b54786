using System.Globalization;
using Mesh.Node.Telemetry;

namespace Mesh.Node.Policy.Rules;

/// <summary>Bytes are left of the day's quota, where the network is metered or may be.</summary>
internal static class ByteQuotaRule
{
    public static readonly Rule Rule = new(ReasonCodes.ByteQuotaUsed, "network.daily-bytes", Urgency.Soon, Check);

    private static Finding Check(Question question)
    {
        var (policy, used) = (question.Policy.Network, question.Usage.MeteredBytes);
        if (policy.Allow != NetworkAllowance.Metered)
            return Finding.NotAsked;
        var metered = question.Telemetry[VssCatalogue.NetworkIsMetered];
        var text = string.Create(CultureInfo.InvariantCulture, $"{used}");
        return metered.Truth == false
            ? Finding.Of(true, text, "", metered.FreshUntil)
            : Finding.Of(
                used < policy.DailyMeteredBytes,
                text,
                string.Create(CultureInfo.InvariantCulture, $"less than {policy.DailyMeteredBytes} bytes a day"),
                question.Policy.NextDay(question.Now));
    }
}
