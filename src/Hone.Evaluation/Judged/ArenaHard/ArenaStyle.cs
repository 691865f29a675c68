using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>What style control holds equal: length and Markdown of an answer (Li et al. 2024, "Does style matter?").</summary>
internal readonly partial record struct ArenaStyle(int Tokens, int Headers, int Lists, int Bold)
{
    /// <summary>Counts an answer; Markdown inside of code blocks is none.</summary>
    /// <param name="tokens">Its length by the tokenizer of choice.</param>
    public static ArenaStyle Of(string answer, int tokens)
    {
        string text = CodeBlock().Replace(answer.ReplaceLineEndings("\n"), m => m.Value == "``````" ? m.Value : "``````");
        return new ArenaStyle(tokens, Header().Count(text), Ordered().Count(text) + Unordered().Count(text),
            Stars().Count(text) + Underscores().Count(text));
    }

    /// <summary>(a - b) / (a + b + 1) for each of the four. [4]</summary>
    public static double[] Difference(ArenaStyle a, ArenaStyle b) =>
        [Part(a.Tokens, b.Tokens), Part(a.Headers, b.Headers), Part(a.Lists, b.Lists), Part(a.Bold, b.Bold)];

    private static double Part(double a, double b) => (a - b) / (a + b + 1);

    [GeneratedRegex("```[^`]*```")]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^#{1,6}\s", RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"^\s*\d+\.\s", RegexOptions.Multiline)]
    private static partial Regex Ordered();

    [GeneratedRegex(@"^\s*[-*+]\s", RegexOptions.Multiline)]
    private static partial Regex Unordered();

    [GeneratedRegex(@"\*\*[^*\n]+\*\*")]
    private static partial Regex Stars();

    [GeneratedRegex("__[^_\n]+__")]
    private static partial Regex Underscores();
}
