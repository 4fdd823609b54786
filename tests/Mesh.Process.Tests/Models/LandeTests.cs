using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mesh.Process.Tests.Meshes;
using Mesh.Testing;

namespace Mesh.Process.Tests.Models;

/// <summary>Language identification of real sentences, from the text to the answer.</summary>
[Collection(OnRunningMesh.Name)]
public sealed partial class LandeTests(RunningMesh mesh)
{
    [Theory]
    [InlineData("In welcher Sprache ist dieser Satz geschrieben?", "deu")]
    [InlineData("Dans quelle langue est écrite cette phrase?", "fra")]
    [InlineData("In che lingua è scritta questa frase?", "ita")]
    public async Task A_sentence_is_given_its_language(string sentence, string language)
    {
        using var vocabulary = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Checkout.Data, "lande_vocabulary.json")));
        var features = Features(sentence, vocabulary.RootElement.GetProperty("ngrams"));
        Assert.Equal(620, features.Length);
        var input = Requests.Input("ngram_frequencies", "FP32", [1, features.Length], Requests.Numbers(features));
        var answer = (await mesh.Rest.PostAsync("/v2/models/lande/infer", Requests.Inputs(input))).Ok().Floats("probabilities");
        var languages = vocabulary.RootElement.GetProperty("languages");
        Assert.Equal(languages.GetArrayLength(), answer.Length);
        Assert.Equal(language, languages[Array.IndexOf(answer, answer.Max())].GetString());
    }

    /// <summary>Each n-gram's share of all n-grams of its length in the text.</summary>
    private static float[] Features(string sentence, JsonElement ngrams)
    {
        var text = Normalized(sentence);
        var features = new List<float>();
        foreach (var (kind, length) in (ReadOnlySpan<(string, int)>)[("unigrams", 1), ("bigrams", 2), ("trigrams", 3), ("quadgrams", 4)])
        {
            var counts = Enumerable.Range(0, text.Length - length + 1).CountBy(start => text.Substring(start, length)).ToDictionary();
            var all = (float)counts.Values.Sum();
            features.AddRange(ngrams.GetProperty(kind).EnumerateArray().Select(ngram => counts.GetValueOrDefault(ngram.GetString()!) / all));
        }

        return [.. features];
    }

    /// <summary>As the model was trained: letters and marks only, lower case, single spaces, one at each end.</summary>
    private static string Normalized(string sentence)
    {
        var kept = Dashes().Replace(sentence, " ").EnumerateRunes().Where(rune => Rune.IsWhiteSpace(rune) || Rune.IsLetter(rune) || IsMark(rune));
        var text = string.Concat(kept).ToLowerInvariant();
        return $" {Spaces().Replace(text, " ").Trim()} ";
    }

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    [GeneratedRegex("-+")]
    private static partial Regex Dashes();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
