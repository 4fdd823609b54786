using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Mesh.Hosting.Operations;

/// <summary>
/// The certificates of the operators' port as their files have them now. A renewal that cannot be used, as one that is half
/// written, leaves in force what was good before. Their end is told in time: when they are read, and then once a day.
/// </summary>
internal sealed partial class PortCertificates : IDisposable
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Lists may hold for a day only.</summary>
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger<PortCertificates> _logger;
    private readonly WatchedFiles<ServerCertificate> _server;
    private readonly WatchedFiles<X509Certificate2Collection>? _authority;
    private readonly WatchedFiles<IReadOnlyList<RevocationList>>? _lists;
    private readonly string _listsPath;
    private readonly ITimer _hourly;
    private X509Certificate2? _toldServer;
    private X509Certificate2? _toldAuthority;
    private DateTimeOffset _certificatesToldAt;
    private DateTimeOffset _listsToldAt;
    private (object? Lists, object? Authority) _verified;
    private Revocations _revocations = Revocations.Unknown;

    /// <param name="settings">With a certificate.</param>
    public PortCertificates(OperationsSettings settings, TimeProvider time, ILogger<PortCertificates> logger)
    {
        (_time, _logger) = (time, logger);
        var (certificate, key) = (settings.Certificate!, settings.Key!);
        _server = new WatchedFiles<ServerCertificate>(
            [certificate, key], files => PemFiles.Server(certificate, files[0], key, files[1]), LogNotRenewed);
        if (settings.Authority is { } authority)
            _authority = new WatchedFiles<X509Certificate2Collection>([authority], files => PemFiles.Certificates(authority, files[0]), LogNotRenewed);
        _listsPath = settings.Revoked ?? "";
        if (settings.Revoked is { } revoked)
            _lists = new WatchedFiles<IReadOnlyList<RevocationList>>([revoked], files => RevocationList.Parse(revoked, files[0]), LogNoList);
        _certificatesToldAt = time.GetUtcNow();
        _hourly = time.CreateTimer(_ => LookAgain(), null, Hour, Hour);
    }

    /// <exception cref="CryptographicException">There was none yet that can be used.</exception>
    public ServerCertificate Server
    {
        get
        {
            Look();
            return GoodOf(_server);
        }
    }

    /// <summary>Signs operators' certificates.</summary>
    /// <exception cref="CryptographicException">There was none yet that can be used.</exception>
    public X509Certificate2Collection Authority
    {
        get
        {
            Look();
            return GoodOf(_authority ?? throw new InvalidOperationException("no operator has a certificate here"));
        }
    }

    /// <summary>As the authorities have signed them; null = nobody is asked whether a certificate is revoked.</summary>
    public Revocations? Revocations
    {
        get
        {
            if (_lists is null)
                return null;
            var (lists, authority) = (_lists.Current, Authority);
            lock (_lock)
                return Verify(lists, authority);
        }
    }

    public void Dispose() => _hourly.Dispose();

    private static T GoodOf<T>(WatchedFiles<T> files)
        where T : class
    {
        var (_, good, problem) = files.Look();
        return good ?? throw new CryptographicException(problem);
    }

    /// <summary>Whatever is wrong with a list, no certificate is taken: it may be one that is revoked.</summary>
    private Revocations Verify(IReadOnlyList<RevocationList>? lists, X509Certificate2Collection authority)
    {
        if (ReferenceEquals(_verified.Lists, lists) && ReferenceEquals(_verified.Authority, authority))
            return _revocations;
        (_verified, _revocations) = ((lists, authority), Revocations.Unknown);
        if (lists is null)
            return _revocations;
        try
        {
            _revocations = Revocations.Of(_listsPath, [.. lists], authority);
            var (revoked, until) = (lists.Sum(list => list.Count), Expiry.Of(lists.Min(list => list.Until)));
            LogList(_listsPath, revoked, until);
            WarnOfLists();
        }
        catch (CryptographicException e)
        {
            LogNoList(e.Message);
        }

        return _revocations;
    }

    private void WarnOfLists()
    {
        foreach (var (issuer, warning) in _revocations.Warnings(_time.GetUtcNow()))
        {
            LogExpiry("revocation list", issuer, warning);
            _listsToldAt = _time.GetUtcNow();
        }
    }

    private void LookAgain()
    {
        _ = Revocations;
        bool isDaily;
        lock (_lock)
        {
            if (_time.GetUtcNow() - _listsToldAt >= Day)
                WarnOfLists();
            isDaily = _time.GetUtcNow() - _certificatesToldAt >= Day;
            if (isDaily)
                _certificatesToldAt = _time.GetUtcNow();
        }

        Look(isDaily);
    }

    private void Look(bool isDaily = false)
    {
        var (server, authority) = (_server.LastGood, _authority?.LastGood);
        lock (_lock)
        {
            Tell("certificate", server?.Certificate is { } shown ? [shown] : null, ref _toldServer, isDaily);
            Tell("authority", authority, ref _toldAuthority, isDaily);
        }
    }

    private void Tell(string what, X509Certificate2Collection? certificates, ref X509Certificate2? told, bool isDaily)
    {
        if (certificates is not [var first, ..])
            return;
        var isNew = !ReferenceEquals(told, first);
        if (isNew && told is not null)
            LogRenewed(what, first.Subject, first.SerialNumber);
        told = first;
        foreach (var certificate in certificates.Where(_ => isNew || isDaily))
        {
            if (Expiry.Warning(certificate, _time.GetUtcNow()) is { } warning)
                LogExpiry(what, certificate.Subject, warning);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A renewed certificate of the operators' port cannot be used, so that the one before stays in force: {Reason}")]
    private partial void LogNotRenewed(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The operators' port has a new {What} from now on: {Subject}, serial number {Serial}")]
    private partial void LogRenewed(string what, string subject, string serial);

    [LoggerMessage(Level = LogLevel.Information, Message = "Operators' certificates are looked up in {Path}: {Revoked} are revoked, and it holds until {Until}")]
    private partial void LogList(string path, int revoked, string until);

    [LoggerMessage(Level = LogLevel.Error, Message = "The list of operators' revoked certificates cannot be used, so that no operator's certificate is taken until it can: {Reason}")]
    private partial void LogNoList(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {What} of the operators' port, {Subject}, {Warning}")]
    private partial void LogExpiry(string what, string subject, string warning);
}
