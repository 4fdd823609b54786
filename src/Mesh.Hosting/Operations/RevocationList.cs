using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mesh.Hosting.Operations;

/// <summary>
/// A certificate revocation list (RFC 5280, section 5), of which .NET reads none out of a file. Only whole lists of an authority's
/// own certificates, with a time until which they hold; what could mean something else is refused. Pure.
/// </summary>
internal sealed class RevocationList
{
    public const int MaxLists = 16;
    public const int MaxEntries = 100_000;
    private const int MaxSerialBytes = 64;
    private const string Label = "X509 CRL";

    // Extensions that tell nothing which a reader must obey, when an authority marks them as critical all the same.
    private static readonly FrozenSet<string> Harmless = new[] { "2.5.29.20", "2.5.29.35", "2.5.29.21", "2.5.29.24" }.ToFrozenSet();

    private static readonly FrozenDictionary<string, (bool IsRsa, HashAlgorithmName Hash)> Algorithms =
        new Dictionary<string, (bool, HashAlgorithmName)>
        {
            ["1.2.840.113549.1.1.11"] = (true, HashAlgorithmName.SHA256),
            ["1.2.840.113549.1.1.12"] = (true, HashAlgorithmName.SHA384),
            ["1.2.840.113549.1.1.13"] = (true, HashAlgorithmName.SHA512),
            ["1.2.840.10045.4.3.2"] = (false, HashAlgorithmName.SHA256),
            ["1.2.840.10045.4.3.3"] = (false, HashAlgorithmName.SHA384),
            ["1.2.840.10045.4.3.4"] = (false, HashAlgorithmName.SHA512),
        }.ToFrozenDictionary();

    private readonly ReadOnlyMemory<byte> _signed;
    private readonly string _algorithm;
    private readonly byte[] _signature;
    private readonly byte[] _issuer;
    private readonly FrozenDictionary<string, DateTimeOffset> _revoked;

    private RevocationList(ReadOnlyMemory<byte> der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        var list = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        _signed = list.PeekEncodedValue();
        var content = list.ReadSequence();
        var algorithm = list.ReadEncodedValue();
        _signature = list.ReadBitString(out var unused);
        if (unused != 0)
            throw new CryptographicException("its signature is not of whole bytes");
        list.ThrowIfNotEmpty();

        if (content.PeekTag().HasSameClassAndValue(Asn1Tag.Integer) && (!content.TryReadInt32(out var version) || version != 1))
            throw new CryptographicException("it is of a version that is not known: needs 2");
        if (!content.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
            throw new CryptographicException("it names two different algorithms of its signature");
        _algorithm = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        if (!Algorithms.ContainsKey(_algorithm))
            throw new CryptographicException($"its signature is of the algorithm {_algorithm}: needs RSA (PKCS #1 v1.5) or ECDSA, with SHA-256, SHA-384 or SHA-512");
        _issuer = content.ReadEncodedValue().ToArray();
        Issuer = new X500DistinguishedName(_issuer).Name;
        From = Time(content);
        Until = IsTime(content) ? Time(content) : throw new CryptographicException("it does not say until when it holds (nextUpdate)");
        _revoked = content.HasData && content.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence)
            ? Entries(content.ReadSequence()).ToFrozenDictionary(StringComparer.Ordinal)
            : FrozenDictionary<string, DateTimeOffset>.Empty;
        var extensions = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        if (content.HasData)
            Check(content.ReadSequence(extensions).ReadSequence(), "it");
        content.ThrowIfNotEmpty();
    }

    /// <summary>The authority's name.</summary>
    public string Issuer { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset From { get; }

    /// <summary>The authority has made another by then; what this one says is not to be relied on any more.</summary>
    public DateTimeOffset Until { get; }

    public int Count => _revoked.Count;

    /// <param name="path">For errors.</param>
    /// <param name="bytes">One list as DER, or any number up to <see cref="MaxLists"/> as PEM.</param>
    /// <exception cref="CryptographicException">It is none, or one that cannot be relied on.</exception>
    public static ImmutableArray<RevocationList> Parse(string path, byte[] bytes)
    {
        try
        {
            ImmutableArray<RevocationList> lists = bytes is [0x30, ..] ? [new RevocationList(bytes)] : [.. Pem(PemFiles.Text(bytes))];
            return lists.Length is > 0 and <= MaxLists
                ? lists
                : throw new CryptographicException($"{lists.Length} lists; needs 1 to {MaxLists}");
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or FormatException)
        {
            throw new CryptographicException($"{path} is no revocation list that can be used: {e.Message}", e);
        }
    }

    /// <summary>Whether this authority has signed it, and may.</summary>
    public bool IsOf(X509Certificate2 authority) =>
        IsNamed(authority)
        && authority.Extensions.OfType<X509KeyUsageExtension>().All(usage => usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign))
        && IsSignedBy(authority);

    public bool IsNamed(X509Certificate2 authority) => authority.SubjectName.RawData.AsSpan().SequenceEqual(_issuer);

    /// <summary>Since when one of the authority's certificates is revoked; null = it is not.</summary>
    public DateTimeOffset? RevokedAt(X509Certificate2 certificate) =>
        _revoked.TryGetValue(Serial(certificate.SerialNumberBytes.Span), out var at) ? at : null;

    private bool IsSignedBy(X509Certificate2 authority)
    {
        var (isRsa, hash) = Algorithms[_algorithm];
        using var rsa = isRsa ? authority.GetRSAPublicKey() : null;
        using var ecdsa = isRsa ? null : authority.GetECDsaPublicKey();
        return rsa?.VerifyData(_signed.Span, _signature, hash, RSASignaturePadding.Pkcs1)
            ?? ecdsa?.VerifyData(_signed.Span, _signature, hash, DSASignatureFormat.Rfc3279DerSequence)
            ?? false;
    }

    private static IEnumerable<RevocationList> Pem(string text)
    {
        var (at, count) = (0, 0);
        while (PemEncoding.TryFind(text.AsSpan(at), out var found))
        {
            if (text.AsSpan(at)[found.Label].SequenceEqual(Label))
            {
                if (++count > MaxLists)
                    throw new CryptographicException($"more than {MaxLists} lists");
                yield return new RevocationList(Convert.FromBase64String(text[at..][found.Base64Data]));
            }

            at += found.Location.End.Value;
        }
    }

    private static Dictionary<string, DateTimeOffset> Entries(AsnReader entries)
    {
        var revoked = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        while (entries.HasData)
        {
            var entry = entries.ReadSequence();
            var serial = Serial(entry.ReadIntegerBytes().Span);
            if (revoked.Count == MaxEntries || serial.Length > 2 * MaxSerialBytes)
                throw new CryptographicException($"at most {MaxEntries} certificates, with serial numbers of {MaxSerialBytes} bytes");
            revoked[serial] = Time(entry);
            if (entry.HasData)
                Check(entry.ReadSequence(), $"its entry {serial}");
            entry.ThrowIfNotEmpty();
        }

        return revoked;
    }

    /// <summary>What a list or an entry says besides may change its meaning: it is for some certificates only, or of another authority.</summary>
    private static void Check(AsnReader extensions, string what)
    {
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var isCritical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            _ = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (isCritical && !Harmless.Contains(id))
                throw new CryptographicException($"{what} has the critical extension {id}, which is not known: needs a whole list of the authority's own certificates");
        }
    }

    private static bool IsTime(AsnReader reader) =>
        reader.HasData && reader.PeekTag() is var tag && (tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime));

    private static DateTimeOffset Time(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    /// <summary>Without the zeros that some write before a number.</summary>
    private static string Serial(ReadOnlySpan<byte> number) => Convert.ToHexString(number.TrimStart((byte)0));
}
