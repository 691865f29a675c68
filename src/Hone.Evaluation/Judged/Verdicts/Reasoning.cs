using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>What a judge thinks before it speaks: the text in <c>&lt;think&gt;</c> and its like.</summary>
internal static partial class Reasoning
{
    /// <summary>
    /// The text outside of reasoning. A tag that is not closed reaches to the end; one that is not opened began with the
    /// prompt, as templates of reasoning models have it.
    /// </summary>
    public static string Without(string text)
    {
        string spoken = Closed().Replace(text, "");
        Match end = Close().Matches(spoken).LastOrDefault() ?? Match.Empty;
        if (end.Success) spoken = spoken[(end.Index + end.Length)..];
        Match start = Open().Match(spoken);
        return start.Success ? spoken[..start.Index] : spoken;
    }

    [GeneratedRegex(@"<(think|thinking|thought|reasoning|reflection)>.*?</\1>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Closed();

    [GeneratedRegex("</(?:think|thinking|thought|reasoning|reflection)>", RegexOptions.IgnoreCase)]
    private static partial Regex Close();

    [GeneratedRegex("<(?:think|thinking|thought|reasoning|reflection)>", RegexOptions.IgnoreCase)]
    private static partial Regex Open();
}
