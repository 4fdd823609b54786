using System.Collections.Immutable;
using Mesh.Operations.Grammar;

namespace Mesh.Pbm.Interactive;

/// <param name="Text">What the text before the cursor becomes.</param>
/// <param name="Choices">How it could go on.</param>
internal sealed record TextCompletion(string Text, ImmutableArray<Candidate> Choices)
{
    /// <summary>Completes as far as there is one way: a single candidate with the blank behind it, several as far as they agree.</summary>
    public static TextCompletion Of(string text, Func<ImmutableArray<string>, string, ImmutableArray<Candidate>> candidates)
    {
        var (words, begun) = WordSplitter.SplitBegun(text);
        var choices = candidates(words, begun);
        // A word that has a quote or a '\' is the person's own to end.
        var isPlain = text.EndsWith(begun, StringComparison.Ordinal) && (text.Length == begun.Length || char.IsWhiteSpace(text[^(begun.Length + 1)]));
        if (choices.Length == 0 || !isPlain)
            return new TextCompletion(text, choices);
        var common = choices.Length == 1 ? WordSplitter.Quote(choices[0].Text) + " " : CommonBeginning(choices);
        return common.Length > begun.Length ? new TextCompletion(text[..^begun.Length] + common, choices) : new TextCompletion(text, choices);
    }

    private static string CommonBeginning(ImmutableArray<Candidate> choices)
    {
        var length = choices[0].Text.Length;
        foreach (var choice in choices)
        {
            var same = 0;
            while (same < length && same < choice.Text.Length && choice.Text[same] == choices[0].Text[same])
                same++;
            length = same;
        }

        return choices[0].Text[..length];
    }
}
