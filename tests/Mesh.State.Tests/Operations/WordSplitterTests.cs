using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Operations.Grammar;

namespace Mesh.State.Tests.Operations;

public sealed class WordSplitterTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  cluster   show ", "cluster|show")]
    [InlineData("a 'b c' \"d e\"", "a|b c|d e")]
    [InlineData("a'b'\"c\"", "abc")]
    [InlineData("'' x", "|x")]
    [InlineData(@"a\ b ""\"""" '\'", @"a b|""|\")]
    [InlineData(@"end\", @"end\")]
    public void Splits_as_a_shell_does(string line, string words)
    {
        var (found, error) = WordSplitter.Split(line);
        Assert.Null(error);
        Assert.Equal(words, string.Join('|', found));
    }

    [Theory]
    [InlineData("a 'b")]
    [InlineData("a \"b")]
    public void An_open_quote_is_told(string line) =>
        Assert.StartsWith("the line ends within", WordSplitter.Split(line).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("cluster sh", "cluster", "sh")]
    [InlineData("cluster ", "cluster", "")]
    [InlineData("explain 'V 1", "explain", "V 1")]
    [InlineData("", "", "")]
    public void For_completion_the_last_word_is_begun(string line, string finished, string begun)
    {
        var split = WordSplitter.SplitBegun(line);
        Assert.Equal((finished, begun), (string.Join('|', split.Finished), split.Begun));
    }

    [Property(MaxTest = 1000)]
    public Property Quoted_words_are_found_again() =>
        Prop.ForAll(Gen.ListOf(ArbMap.Default.GeneratorFor<NonNull<string>>()).ToArbitrary(), words =>
        {
            var all = words.Select(word => word.Get).ToList();
            Assert.Equal(all, WordSplitter.Split(string.Join(' ', all.Select(WordSplitter.Quote))).Words);
        });

    [Property(MaxTest = 1000)]
    public Property No_line_breaks_it() => Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), line =>
    {
        WordSplitter.Split(line.Get);
        WordSplitter.SplitBegun(line.Get);
    });
}
