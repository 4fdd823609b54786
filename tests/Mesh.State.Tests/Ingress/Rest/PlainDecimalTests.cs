using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Seed.Ingress.Rest;

namespace Mesh.State.Tests.Ingress.Rest;

public sealed class PlainDecimalTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("255")]
    [InlineData("0.84313726")]
    [InlineData("999999999999999")]
    [InlineData("0.000000000000000000001")]
    public void Short_decimals_are_read_as_the_platform_reads_them(string text)
    {
        Assert.True(PlainDecimal.TryParse(Encoding.ASCII.GetBytes(text), out double wide));
        Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(wide));
        Assert.True(PlainDecimal.TryParse(Encoding.ASCII.GetBytes(text), out float narrow));
        Assert.Equal(BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)), BitConverter.SingleToInt32Bits(narrow));
    }

    [Theory]
    [InlineData("1e3")]
    [InlineData("1.5E-7")]
    [InlineData("1234567890123456")]
    [InlineData("0.00000000000000000000001")]
    public void Other_numbers_are_left_to_the_platform(string text) =>
        Assert.False(PlainDecimal.TryParse(Encoding.ASCII.GetBytes(text), out double _));

    [Fact]
    public void A_decimal_exactly_between_two_floats_is_left_to_the_platform()
    {
        // 2^24 + 1, and a decimal so close above it that its double is the same.
        Assert.False(PlainDecimal.TryParse("16777217"u8, out float _));
        Assert.True(PlainDecimal.TryParse("16777217"u8, out double _));
    }

    [Property(MaxTest = 5000)]
    public Property No_decimal_is_read_differently_from_the_platform() => Prop.ForAll(
        (from digits in Gen.Choose(0, int.MaxValue)
         from more in Gen.Choose(0, 999_999)
         from scale in Gen.Choose(0, 22)
         from negative in Gen.Elements("", "-")
         select negative + Decimal((((long)digits * 1_000_000) + more) % (long)Math.Pow(10, 1 + (digits % 16)), scale)).ToArbitrary(),
        text =>
        {
            var bytes = Encoding.ASCII.GetBytes(text);
            return (!PlainDecimal.TryParse(bytes, out double wide) || wide.Equals(double.Parse(text, CultureInfo.InvariantCulture)))
                && (!PlainDecimal.TryParse(bytes, out float narrow) || narrow.Equals(float.Parse(text, CultureInfo.InvariantCulture)));
        });

    private static string Decimal(long digits, int scale)
    {
        var text = digits.ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return scale == 0 ? text : $"{text[..^scale]}.{text[^scale..]}";
    }
}
