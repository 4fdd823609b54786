using Mesh.Operations;
using Mesh.Operations.Grammar;
using Mesh.Testing.Operations;

namespace Mesh.State.Tests.Operations;

public sealed class PaletteRulesTests
{
    [Fact]
    public void A_good_palette_has_no_problems() => Assert.Empty(PaletteRules.Problems([GarageHandler.Definition]));

    [Fact]
    public void Everything_that_could_be_misread_is_told()
    {
        var value = new CommandArgument("x", ArgumentKind.Positional, "a value");
        var problems = PaletteRules.Problems(
        [
            new CommandPalette("help", "Takes pbm's own word.", [new CommandDefinition("Show", "Upper case.")]),
            new CommandPalette("empty", "No commands.", []),
            new CommandPalette("cars", "Many mistakes.",
            [
                new CommandDefinition("drop", "Destructive only.") { IsDestructive = true },
                new CommandDefinition("order", "A needed value at the end.") { Arguments = [value, value with { Name = "y", IsRequired = true }] },
                new CommandDefinition("twice", "Two of a name.") { Arguments = [value, value] },
                new CommandDefinition("own", "An option of pbm.") { Arguments = [new("json", ArgumentKind.Switch, "?"), new("all", ArgumentKind.Switch, "?") { Default = "x" }] },
                new CommandDefinition("look", "Changes with what it has not.") { Changes = true, ChangesWith = "new" },
                new CommandDefinition("slow", "Too long.") { Limit = TimeSpan.FromHours(2) },
                new CommandDefinition("shell", "A choice that a shell would run.") { Arguments = [new("s", ArgumentKind.Option, "?") { Choices = ["a", "$(x)"] }] },
                new CommandDefinition("choice", "A default that is none.") { Arguments = [new("s", ArgumentKind.Option, "?") { Default = "x", Choices = ["a"] }] },
                new CommandDefinition("tab", "What no host completes.") { Arguments = [new("s", ArgumentKind.Option, "?") { IsSecret = true, Completes = ["a", "$b"] }] },
            ]),
            new CommandPalette("cars", "Again.", [new CommandDefinition("a", "A."), new CommandDefinition("a", "A.")]),
        ]);
        Assert.Equal(
            [
                "two palettes are named 'cars'",
                "'help' is a word of pbm itself: name the palette otherwise",
                "'help' 'Show' is no command's name: lower-case letters, digits and '-'",
                "'empty' has 0 commands; 1 to 128",
                "'cars' 'drop' is destructive and yet changes nothing: say that it changes something",
                "'cars' 'order' needs a value behind one that may be left out",
                "'cars' 'twice' has two arguments 'x'",
                "'cars' 'own' has --json, which is an option of pbm itself",
                "'cars' 'own' has the switch --all with a value",
                "'cars' 'look' changes something with 'new', which must be an argument that may be left out, of a command that changes something",
                "'cars' 'slow' may take 02:00:00: more than nothing, at most 01:00:00, and nothing is said of an endless one",
                "'cars' 'shell' has s, whose choice '$(x)' is none that a shell takes as it is: letters, digits and -_./:,@+%=",
                "'cars' 'choice' has s, whose default is none of its choices",
                "'cars' 'tab' has s, which cannot be completed by the host: it is a switch or a secret, or has choices",
                "'cars' 'tab' has s, whose kind of values '$b' is no name: lower-case letters, digits and '-'",
                "'cars' has two commands 'a'",
            ],
            problems);
    }
}
