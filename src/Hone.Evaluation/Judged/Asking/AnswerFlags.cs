using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// What is suspicious about an answer before a judge sees it. A flag changes no score: it is written beside the judgment and
/// counted, since judges were shown to reward such answers.
/// </summary>
public static partial class AnswerFlags
{
    /// <summary>There is nothing but white space.</summary>
    public const string Empty = "empty";

    /// <summary>Not one letter or digit, such as a lone ":".</summary>
    public const string PunctuationOnly = "punctuation_only";

    /// <summary>Only the opening of a solution, which judges were shown to accept for one (Zhao et al. 2025, arXiv 2507.08794).</summary>
    public const string MasterKey = "master_key";

    /// <summary>A verdict in the judge's own format, such as [[A]], [[A>>B]] or Rating: [[10]].</summary>
    public const string VerdictLabel = "verdict_label";

    /// <summary>A delimiter of a judge's prompt, with which an answer can end itself and begin another.</summary>
    public const string JudgeTemplate = "judge_template";

    /// <summary>An order to whoever reads the answer, such as to ignore what was said before.</summary>
    public const string InstructsJudge = "instructs_judge";

    private static readonly HashSet<string> s_openings = new(StringComparer.OrdinalIgnoreCase)
    {
        "thought process", "let's solve this problem step by step", "let's think step by step", "solution", "answer", "final answer", "解", "かいせつ", "respuesta",
    };

    /// <summary>Flags in a fixed order; none for an answer that looks like one.</summary>
    public static IReadOnlyList<string> Of(string answer)
    {
        string text = answer.Trim();
        if (text.Length == 0) return [Empty];
        if (!text.EnumerateRunes().Any(System.Text.Rune.IsLetterOrDigit)) return [PunctuationOnly];
        List<string> flags = [];
        if (text.Length < 60 && s_openings.Contains(text.TrimEnd(':', '.', ' ', '\n').Replace('’', '\''))) flags.Add(MasterKey);
        if (Verdict().IsMatch(text)) flags.Add(VerdictLabel);
        if (Template().IsMatch(text)) flags.Add(JudgeTemplate);
        if (Order().IsMatch(text)) flags.Add(InstructsJudge);
        return flags;
    }

    // [[5]] alone is an array of code as well; a rating is one that is called so, or stands on the last line alone.
    [GeneratedRegex(@"\[\[(?:[ABC]|[AB][<>=]{1,2}[AB])\]\]|\b(?:rating|score|grade)\b\W{0,4}\[\[?\d+(?:\.\d+)?\]|\n\s*\[\[\d+(?:\.\d+)?\]\]\s*\z|\A\[\[\d+(?:\.\d+)?\]\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Verdict();

    [GeneratedRegex(@"\[(?:The )?(?:Start|End) of (?:Assistant|Reference)|<\|The (?:Start|End) of |<\|User Prompt\|>|<\|im_(?:start|end)\|>|<\|(?:start|end)_header_id\|>|<\|eot_id\|>|""model_identifier""|## Best Model Identifier|\[User Question\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Template();

    [GeneratedRegex(@"\b(?:ignore|disregard|forget)\b[^.\n]{0,30}\b(?:previous|above|prior|earlier|preceding|system)\b[^.\n]{0,30}\b(?:instructions?|prompts?|messages?|rules|text|answers?)\b|\b(?:impartial judge|(?:dear|attention|note to|message to|instructions? (?:for|to)) (?:the )?(?:judge|evaluator|grader|rater))\b|\b(?:rate|score|grade|judge|rank) (?:this|my|the) (?:answer|response|output) (?:as |with )?(?:a |the )?(?:10|ten|best|highest|perfect)|\b(?:assistant|model) [AB]\b[^.\n]{0,30}\b(?:is (?:significantly |clearly )?(?:better|superior)|(?:wins|should win))\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Order();
}
