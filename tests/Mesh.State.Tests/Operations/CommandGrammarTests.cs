using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class CommandGrammarTests
{
    private static readonly CommandPalette[] Palettes = [GarageHandler.Definition];

    [Fact]
    public void Options_stand_anywhere_and_defaults_are_filled_in()
    {
        var command = Command("garage show --all --state=parked");
        Assert.Equal(("garage", "show"), (command.Palette.Name, command.Definition.Name));
        Assert.Equal("all=true limit=100 state=parked", Text(command));
        Assert.Equal("door=front pin=-7", Text(Command("garage open --pin -7 front")));
    }

    [Fact]
    public void Behind_two_dashes_everything_is_a_value() =>
        Assert.Equal("car=--all", Text(Command("garage explain -- --all")));

    [Theory]
    [InlineData("", "no command; see 'help'")]
    [InlineData("garge show", "there is no palette 'garge': did you mean garage?")]
    [InlineData("hlp", "there is no palette 'hlp': did you mean help?")]
    [InlineData("xyz", "there is no palette 'xyz': there are garage, help")]
    [InlineData("garage shwo", "'garage' has no command 'shwo': did you mean show?")]
    [InlineData("help garage shw", "'garage' has no command 'shw': did you mean show?")]
    [InlineData("help garage show it", "'help' takes a palette and a command, not also 'it'")]
    [InlineData(
        "garage", "'garage' needs a command: show, members, explain, open, light, crush, tail, wait, fail, break, flood, ambush; see 'help garage'")]
    public void What_is_no_command_is_told_with_the_near_one(string line, string error) =>
        Assert.Equal([error], Wrong(line));

    [Fact]
    public void All_errors_are_told_at_once() =>
        Assert.Equal(
            [
                "there is no option --stat: did you mean --state?",
                "'extra' is one value too many",
                "--all takes no value",
                "--limit is given twice",
                "--state is 'parkd': did you mean parked?",
                "usage: garage show [--state parked|away] [--all] [--limit LIMIT]",
            ],
            Wrong("garage show --stat away extra --all=no --limit 1 --limit=2 --state parkd"));

    [Theory]
    [InlineData("garage explain", "<car> is missing: needs a car's name")]
    [InlineData("garage explain ''", "<car> is empty: needs a car's name")]
    [InlineData("garage open side", "<door> is 'side': there are front, rear")]
    [InlineData("garage show --limit", "--limit has no value: needs how many, a number")]
    [InlineData("garage show --limit --all", "--limit has no value: needs how many, a number")]
    public void A_wrong_argument_is_told_with_what_it_needs(string line, string error) =>
        Assert.Equal(error, Wrong(line)[0]);

    [Fact]
    public void What_is_too_long_is_refused_before_it_is_read()
    {
        Assert.Equal(["65 words; a command has at most 64"], Wrong(string.Join(' ', Enumerable.Repeat("garage", 65))));
        Assert.Equal(["a command has at most 4096 characters"], Wrong("garage explain " + new string('x', 4096)));
    }

    [Theory]
    [InlineData("help", "Palettes:\n  garage  A garage of sample cars.\n")]
    [InlineData("help garage", "garage: A garage of sample cars.\n\nCommands:\n  show [--state parked|away] [--all] [--limit LIMIT]\n")]
    [InlineData("garage --help", "garage: A garage of sample cars.\n")]
    [InlineData("garage open --help", "garage open: Opens a door.\n")]
    public void Help_is_made_from_the_palettes(string line, string beginning) =>
        Assert.StartsWith(beginning, Assert.IsType<CommandReading.Help>(Read(line)).Text, StringComparison.Ordinal);

    [Fact]
    public void Help_of_a_command_tells_all_about_it() =>
        Assert.Equal(
            """
            garage crush: Crushes a car.

            Usage: garage crush <car>

            Values:
              <car>  a car's name

            It changes something: each call is written to the host's audit log.
            It asks first; --yes answers for a script.

            """,
            Assert.IsType<CommandReading.Help>(Read("help garage crush")).Text);

    [Fact]
    public void A_line_for_logs_has_no_secrets() =>
        Assert.Equal("garage open front --pin=***", Command("garage open front --pin 1234").ToLine());

    /// <summary>Words near to commands, so that the reader gets behind its first checks.</summary>
    private static readonly Gen<string> Word = Gen.OneOf(
        Gen.Elements(
            "garage", "help", "show", "open", "explain", "flood", "tail", "front", "--", "--all", "--state", "--state=", "--state=away", "--limit", "--pin", "--help", "", "-", "=",
            "---", "--=x"),
        ArbMap.Default.GeneratorFor<string>().Where(text => text is not null));

    [Property(MaxTest = 2000)]
    public Property No_words_break_the_grammar_and_a_command_has_all_that_it_needs() =>
        Prop.ForAll(Gen.ListOf(Word).ToArbitrary(), words =>
        {
            switch (CommandGrammar.Read([.. words], Palettes))
            {
                case CommandReading.Wrong wrong:
                    Assert.NotEmpty(wrong.Errors);
                    break;
                case CommandReading.Command command:
                    AssertComplete(command);
                    break;
            }
        });

    [Property(MaxTest = 2000)]
    public Property A_commands_line_means_the_command() =>
        Prop.ForAll(
            (from car in ArbMap.Default.GeneratorFor<NonNull<string>>()
             from options in Gen.SubListOf("--state=away", "--all", "--limit=--x")
             select (Car: car.Get, Options: options)).ToArbitrary(),
            sample =>
            {
                if (CommandGrammar.Read(["garage", "explain", "--", sample.Car], Palettes) is CommandReading.Command explain)
                    Assert.Equal(Text(explain), Text(Command(explain.ToLine())));
                var show = Assert.IsType<CommandReading.Command>(CommandGrammar.Read(["garage", "show", .. sample.Options], Palettes));
                Assert.Equal(Text(show), Text(Command(show.ToLine())));
            });

    private static void AssertComplete(CommandReading.Command command)
    {
        foreach (var argument in command.Definition.Arguments)
        {
            var has = command.Arguments.TryGetValue(argument.Name, out var value);
            Assert.True(has || (!argument.IsRequired && argument.Default is null));
            Assert.True(!has || argument.Choices.Length == 0 || argument.Choices.Contains(value!));
        }

        Assert.All(command.Arguments.Keys, name => Assert.Contains(command.Definition.Arguments, argument => argument.Name == name));
    }

    private static CommandReading Read(string line) => CommandGrammar.Read(WordSplitter.Split(line).Words, Palettes);

    private static CommandReading.Command Command(string line) => Assert.IsType<CommandReading.Command>(Read(line));

    private static IReadOnlyList<string> Wrong(string line) => Assert.IsType<CommandReading.Wrong>(Read(line)).Errors;

    private static string Text(CommandReading.Command command) =>
        string.Join(' ', command.Arguments.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
}
