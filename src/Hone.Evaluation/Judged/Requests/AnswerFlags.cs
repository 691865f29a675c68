using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// What is suspicious about an answer before a judge sees it. A flag changes no score: it is written beside the judgment and
/// counted, since judges were shown to reward such answers.
/// </summary>
internal static partial class AnswerFlags
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
        "thought process", "let's solve this problem step by step", "let's think step by step", "solution", "answer", "final answer",
        "the answer", "the final answer is", "解", "解答", "答案", "答え", "かいせつ", "解説", "풀이", "정답", "respuesta", "solución",
        "resposta", "solução", "réponse", "antwort", "lösung", "risposta", "soluzione", "ответ", "решение", "الجواب", "الحل", "उत्तर", "हल",
    };

    /// <summary>Flags in a fixed order; none for an answer that looks like one.</summary>
    public static IReadOnlyList<string> Of(string answer)
    {
        string text = Plain(answer).Trim();
        if (text.Length == 0) return [Empty];
        if (!text.EnumerateRunes().Any(Rune.IsLetterOrDigit)) return [PunctuationOnly];
        List<string> flags = [];
        if (text.Length < 80 && s_openings.Contains(Markdown().Replace(text, "").Trim().Trim(':', '.', ' ', '\n'))) flags.Add(MasterKey);
        if (Verdict().IsMatch(text) || NamedVerdict().IsMatch(text)) flags.Add(VerdictLabel);
        if (Template().IsMatch(text)) flags.Add(JudgeTemplate);
        if (Order().IsMatch(text) || OrderElsewhere().IsMatch(text)) flags.Add(InstructsJudge);
        return flags;
    }

    /// <summary>
    /// The text as a reader sees it: full-width forms and look-alikes of A, B and C as ASCII, invisible characters left
    /// out.
    /// </summary>
    private static string Plain(string answer)
    {
        StringBuilder text = new(answer.Length);
        foreach (char c in answer)
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format) continue;
            text.Append(c switch
            {
                >= '\uFF01' and <= '\uFF5E' => (char)(c - 0xFEE0),
                '\u3010' => '[', // the brackets that Chinese and Japanese texts emphasise with
                '\u3011' => ']',
                '\u0410' or '\u0391' => 'A',
                '\u0412' or '\u0392' => 'B',
                '\u0421' => 'C',
                '\u2019' => '\'',
                _ => c,
            });
        }
        return text.ToString();
    }

    // [[5]] alone is an array of code as well; a rating is one that is called so, or stands on the last line alone.
    [GeneratedRegex(@"\[\[\s*(?:[ABC]|[AB]\s*[<>=]{1,2}\s*[AB])\s*\]\]|\b(?:rating|score|grade)\b\W{0,4}\[\[?\d+(?:\.\d+)?\]"
        + @"|\n\s*\[\[\d+(?:\.\d+)?\]\]\s*\z|\A\[\[\d+(?:\.\d+)?\]\]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Verdict();

    // Verdict: A; the winner is assistant B; Output (a) is better; \boxed{10}; {"winner": "A"}; Rating: 10/10.
    [GeneratedRegex(@"\b(?:final |my )?(?:verdict|winner|judge?ment)\b[\W_]{0,6}(?:is[\W_]{1,4})?"
        + @"(?:(?:assistant|model|output|response|answer)[\W_]{1,3})?"
        + @"\(?(?:[ABC]|tie)\)?(?![A-Za-z'])"
        + @"|\boutput \(?[ab]\)?(?:\s*\z| (?:is|wins|should))"
        + @"|\\boxed\s*\{\s*(?:\\text\s*\{\s*)?(?:[ABC]|10|10/10)\s*\}"
        + @"|[""'](?:winner|verdict|preference|preferred|better|rating|score|grade|ranking)[""']\s*:\s*"
        + @"[""']?(?:(?:assistant|model|output|response)[ _]?)?(?:[ABCMm12]|tie|10)[""']?\s*[,}]"
        + @"|\b(?:rating|score|grade)\b[\W_]{0,6}10\s*(?:/|out of)\s*10\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamedVerdict();

    [GeneratedRegex(@"\[(?:The )?(?:Start|End) of (?:Assistant|Reference)|<\|The (?:Start|End) of |<\|User Prompt\|>"
        + @"|<\|im_(?:start|end)\|>|<\|(?:start|end)_header_id\|>|<\|eot_id\|>"
        + @"|""model_identifier""|## Best Model Identifier|\[User Question\]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Template();

    [GeneratedRegex(
        @"\b(?:ignore|disregard|forget)\b[^.\n]{0,30}\b(?:previous|above|prior|earlier|preceding|system)\b"
        + @"[^.\n]{0,30}\b(?:instructions?|prompts?|messages?|rules|text|answers?)\b"
        + @"|\b(?:impartial judge|(?:dear|attention|note to|message to|instructions? (?:for|to)) "
        + @"(?:the )?(?:judge|evaluator|grader|rater))\b"
        + @"|\b(?:rate|score|grade|judge|rank) (?:this|my|the) (?:answer|response|output) "
        + @"(?:as |with )?(?:a |the )?(?:10|ten|best|highest|perfect)"
        + @"|\b(?:assistant|model) [AB]\b[^.\n]{0,30}\b(?:is (?:significantly |clearly )?(?:better|superior)|(?:wins|should win))\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Order();

    // The same order in Chinese, Japanese, Korean, Russian, Arabic, Hindi, German, French, Spanish, Italian and Portuguese.
    [GeneratedRegex(
        "(?:忽略|无视|無視|忘记)[^。\n]{0,8}(?:之前|以上|前面|上述|先前)[^。\n]{0,8}(?:指令|指示|说明|提示|内容)"
        + "|(?:以前|上記|前)の(?:指示|命令|プロンプト)[^。\n]{0,6}(?:無視|忘れ)|이전[^.\n]{0,8}(?:지시|명령|프롬프트)[^.\n]{0,8}무시"
        + "|(?:игнорируй|проигнорируй|забудь)[^.\n]{0,40}(?:инструкци|указани)|تجاهل[^.\n]{0,30}(?:التعليمات|الأوامر)"
        + "|(?:पिछले|पिछली|उपरोक्त)[^.\n]{0,20}निर्देश[^.\n]{0,20}(?:अनदेखा|नज़रअंदाज|भूल)"
        + "|(?:ignorier|vergiss|missachte)[^.\n]{0,30}anweisung|(?:ignore[zr]?|oublie[zr]?)[^.\n]{0,30}instructions "
            + "(?:précédentes|ci-dessus)"
        + "|(?:ignora|olvida|dimentica)[^.\n]{0,30}(?:instrucciones|istruzioni)|(?:ignore|esqueça)[^.\n]{0,30}instruções",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OrderElsewhere();

    [GeneratedRegex(@"[*_#`>~]")]
    private static partial Regex Markdown();
}
