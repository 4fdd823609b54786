using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Operations.Grammar;
using Mesh.Pbm.Completing;
using Mesh.Pbm.Interactive;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("", "garage help")]
    [InlineData("g", "garage")]
    [InlineData("x", "")]
    [InlineData("garage s", "show")]
    [InlineData("unknown s", "")]
    [InlineData("help garage s", "show")]
    [InlineData("help garage show ", "")]
    [InlineData("garage open ", "front rear --pin")]
    [InlineData("garage open r", "rear")]
    [InlineData("garage open front ", "--pin")]
    [InlineData("garage show --", "--state --all --limit")]
    [InlineData("garage show --all --", "--state --limit")]
    [InlineData("garage show --state ", "parked away")]
    [InlineData("garage show --state a", "away")]
    [InlineData("garage show --state=p", "--state=parked")]
    [InlineData("garage show --state=parked ", "--all --limit")]
    [InlineData("garage show --limit ", "")]
    [InlineData("garage open -- ", "front rear")]
    public void Offers_what_may_stand_there(string line, string candidates)
    {
        var (words, begun) = WordSplitter.SplitBegun(line);
        Assert.Equal(candidates, string.Join(' ', Completion.Of(words, begun, [GarageHandler.Definition]).Select(candidate => candidate.Text)));
    }

    [Theory]
    [InlineData("garage explain ", "car", "", "")]
    [InlineData("garage explain V-", "car", "", "V-")]
    [InlineData("garage explain --like ", "like", "", "")]
    [InlineData("garage explain V-001 --like=V-", "like", "--like=", "V-")]
    [InlineData("garage explain --like=V-001 V-", "car", "", "V-")]
    [InlineData("garage explain -- --l", "car", "", "--l")]
    [InlineData("garage explain V-001 ", null, null, null)]
    [InlineData("garage explain --l", null, null, null)]
    [InlineData("garage explain --nothing=V", null, null, null)]
    [InlineData("garage show --all=", null, null, null)]
    [InlineData("help garage explain ", null, null, null)]
    [InlineData("garage ", null, null, null)]
    [InlineData("nothing explain ", null, null, null)]
    public void It_is_known_whose_value_is_begun(string line, string? argument, string? prefix, string? value)
    {
        var (words, begun) = WordSplitter.SplitBegun(line);
        var found = Completion.ValueOf(words, begun, [GarageHandler.Definition]);
        Assert.Equal((argument, prefix, value), (found?.Argument.Name, found?.Prefix, found?.Begun));
    }

    [Theory]
    [InlineData("garage show --j", "--json")]
    [InlineData("garage show --watch --y", "--yes")]
    [InlineData("--json garage s", "show")]
    [InlineData("garage show --json --j", "")]
    public void The_clients_own_options_are_among_them_once_a_dash_is_there(string line, string candidates)
    {
        var (words, begun) = WordSplitter.SplitBegun(line);
        Assert.Equal(
            candidates, string.Join(' ', WordCompletion.Of(words, begun, [GarageHandler.Definition], ["exit"]).Select(candidate => candidate.Text)));
    }

    [Theory]
    [InlineData("ga", "garage ")]
    [InlineData("garage f", "garage f")]
    [InlineData("garage fl", "garage flood ")]
    [InlineData("garage show --state p", "garage show --state parked ")]
    [InlineData("nothing x", "nothing x")]
    [InlineData("garage 'sh", "garage 'sh")]
    public void A_line_grows_as_far_as_there_is_one_way(string line, string completed) =>
        Assert.Equal(completed, TextCompletion.Of(line, (words, begun) => Completion.Of(words, begun, [GarageHandler.Definition])).Text);

    [Property(MaxTest = 1000)]
    public Property No_line_breaks_it_and_every_candidate_goes_on_from_what_is_begun() => Prop.ForAll(
        (from words in Gen.ListOf(Gen.Elements("garage", "help", "show", "open", "--", "--state", "--state=", "--all", "--pin", "x", "="))
         from begun in Gen.Elements("", "-", "--", "--state=", "=", "s", "'")
         select (words, begun)).ToArbitrary(),
        sample => Assert.All(
            Completion.Of([.. sample.words], sample.begun, [GarageHandler.Definition]),
            candidate => Assert.StartsWith(sample.begun, candidate.Text, StringComparison.Ordinal)));
}
