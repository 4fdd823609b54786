namespace Mesh.Seed.Ingress.Rest;

/// <summary>
/// Reads short decimals without an exponent, which is what pictures in JSON are made of, exactly as the platform's parser
/// does and several times as fast. Anything else is left to that parser.
/// </summary>
internal static class PlainDecimal
{
    // Up to 15 digits and up to 10^22 are exact as doubles, so that one division is rounded only once (Clinger 1990).
    private const int MaxDigits = 15;

    private static readonly double[] PowersOfTen =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];

    /// <param name="text">A number that is known to be valid JSON.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var negative = text[0] == '-';
        long digits = 0;
        var significant = 0;
        var fraction = -1;
        for (var i = negative ? 1 : 0; i < text.Length; i++)
        {
            var digit = (uint)(text[i] - '0');
            if (digit <= 9)
            {
                digits = (digits * 10) + digit;
                if (digits != 0 && ++significant > MaxDigits)
                    return false;
            }
            else if (text[i] == '.')
            {
                fraction = i + 1;
            }
            else
            {
                return false;
            }
        }

        var scale = fraction < 0 ? 0 : text.Length - fraction;
        if (scale >= PowersOfTen.Length)
            return false;
        value = digits / PowersOfTen[scale];
        if (negative)
            value = -value;
        return true;
    }

    /// <summary>
    /// As the other, for floats. Rounding twice goes wrong only where the double lies exactly between two floats, because
    /// then its own rounding may have hidden on which side the decimal was.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out float value)
    {
        const long LostBits = (1L << 29) - 1;
        const long Halfway = 1L << 28;
        var plain = TryParse(text, out double exact) && (BitConverter.DoubleToInt64Bits(exact) & LostBits) != Halfway;
        value = (float)exact;
        return plain;
    }
}
