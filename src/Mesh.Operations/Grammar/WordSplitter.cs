using System.Collections.Immutable;
using System.Text;

namespace Mesh.Operations.Grammar;

/// <summary>
/// Splits a line as a shell does, without anything that a shell expands: blanks separate words, '…' keeps everything within,
/// "…" and words without quotes take the character behind a '\' as it is.
/// </summary>
public static class WordSplitter
{
    /// <summary>The words, or what is wrong with the line.</summary>
    public static (ImmutableArray<string> Words, string? Error) Split(string line)
    {
        var (words, last, open) = Cut(line);
        return open is { } quote
            ? ([], $"the line ends within {quote}…{quote}: close it with {quote}")
            : (last is null ? words : words.Add(last), null);
    }

    /// <summary>For completion: the finished words, and the begun one at the line's end ("" behind a blank), open quotes and all.</summary>
    public static (ImmutableArray<string> Finished, string Begun) SplitBegun(string line)
    {
        var (words, last, _) = Cut(line);
        return (words, last ?? "");
    }

    /// <summary>The word as a line has it: quoted where it must be.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsLetterOrDigit(c) || "-_./:,=@%+".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static (ImmutableArray<string> Words, string? Last, char? OpenQuote) Cut(string line)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        StringBuilder? word = null;
        char? quote = null;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == quote)
                quote = null;
            else if (c == '\\' && quote != '\'' && i + 1 < line.Length)
                (word ??= new StringBuilder()).Append(line[++i]);
            else if (quote is null && c is '\'' or '"')
                (quote, word) = (c, word ?? new StringBuilder());
            else if (quote is null && char.IsWhiteSpace(c))
                Finish();
            else
                (word ??= new StringBuilder()).Append(c);
        }

        return (words.ToImmutable(), word?.ToString(), quote);

        void Finish()
        {
            if (word is not null)
                words.Add(word.ToString());
            word = null;
        }
    }
}
