using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Mesh.Operations;

namespace Mesh.Pbm.Connection;

/// <summary>
/// Runs commands at a host, and where that one refers to others at the first of them that lets us: with the operator's own
/// credentials, and once, for whoever is referred to does not refer further.
/// </summary>
/// <param name="open">Opens a client with the operator's options; the route disposes of it.</param>
internal sealed class CommandRoute(OperationsClient client, Func<HostAddress, OperationsClient> open) : IDisposable
{
    private OperationsClient? _other;

    /// <param name="followed">Told, before the first piece, whose answer follows, with what was added to the words.</param>
    /// <exception cref="PbmException">The command failed, or the answer does not come to its end.</exception>
    public async IAsyncEnumerable<CommandOutput> RunAsync(
        ImmutableArray<string> words,
        bool isConfirmed,
        Action<HostAddress, ImmutableArray<string>> followed,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        Referral? referral = null;
        await using (var answer = client.RunAsync(words, isConfirmed, cancellation).GetAsyncEnumerator(cancellation))
        {
            var isFirst = true;
            while (true)
            {
                try
                {
                    if (!await answer.MoveNextAsync())
                        yield break;
                }
                catch (ReferredException e) when (isFirst)
                {
                    referral = e.Referral;
                    break;
                }

                isFirst = false;
                yield return answer.Current;
            }
        }

        ReferralRules.CheckWords(client.Host, words, referral.Added);
        var (other, palettes) = await ConnectAsync(referral, cancellation);
        ReferralRules.CheckMeaning(client.Host, words, referral.Added, palettes);
        followed(other.Host, referral.Added);
        await foreach (var output in other.RunAsync([.. words, .. referral.Added], isConfirmed, cancellation))
            yield return output;
    }

    public void Dispose() => _other?.Dispose();

    /// <summary>
    /// Only to who answers a question first: what may change something is not sent twice because the first one's answer broke off.
    /// </summary>
    private async Task<(OperationsClient Other, ImmutableArray<CommandPalette> Palettes)> ConnectAsync(Referral referral, CancellationToken cancellation)
    {
        var (hosts, problems) = ReferralRules.Read(client.Host, client.IsTls, referral);
        // Who answered before is asked first again, so that a host that is gone costs its time once.
        foreach (var host in hosts.OrderByDescending(host => host == _other?.Host))
        {
            try
            {
                if (_other?.Host != host)
                {
                    _other?.Dispose();
                    _other = null;
                    _other = open(host);
                }

                return (_other, (await _other.GetPalettesAsync(OperationsClient.ConnectLimit, cancellation)).Palettes);
            }
            catch (PbmException e)
            {
                problems = problems.Add(e.Message);
            }
        }

        throw new PbmException(PbmExit.NotConnected, $"{client.Host} refers to others, and none of them can be asked: {string.Join("; ", problems)}");
    }
}
