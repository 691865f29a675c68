using System.Globalization;
using System.Text.Json.Serialization;

namespace Hone.Evaluation;

/// <summary>What one step of a judged benchmark did: answers made, or judgments given, and written to files.</summary>
internal sealed record JudgedRun
{
    /// <summary>The files written, one per repeat.</summary>
    [JsonPropertyName("files")]
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Rows written, over all files.</summary>
    [JsonPropertyName("rows")]
    public required int Rows { get; init; }

    /// <summary>Requests sent to the model by this run.</summary>
    [JsonPropertyName("asked")]
    public required int Asked { get; init; }

    /// <summary>Requests whose replies an earlier run had stored.</summary>
    [JsonPropertyName("stored_before")]
    public required int Stored { get; init; }

    /// <summary>Requests that got no reply after all tries; the same command asks them again.</summary>
    [JsonPropertyName("failed")]
    public int Failed { get; init; }

    /// <summary>Replies without a usable verdict: in no figure.</summary>
    [JsonPropertyName("unusable")]
    public int Unusable { get; init; }

    /// <summary>Tokens of all replies, those of earlier runs included.</summary>
    [JsonPropertyName("prompt_tokens")]
    public long PromptTokens { get; init; }

    [JsonPropertyName("completion_tokens")]
    public long CompletionTokens { get; init; }

    /// <summary>
    /// Answers by flag (<see cref="AnswerFlags"/>); of the judged model's answers, counted once however often they are
    /// judged.
    /// </summary>
    [JsonPropertyName("flags")]
    public IReadOnlyDictionary<string, int> Flags { get; init; } = new Dictionary<string, int>();

    /// <summary>Verdicts that are doubtful, by what is doubtful; they count as upstream's rule reads them.</summary>
    [JsonPropertyName("verdict_flags")]
    public IReadOnlyDictionary<string, int> VerdictFlags { get; init; } = new Dictionary<string, int>();

    /// <summary>What a reader of the figures should know.</summary>
    [JsonPropertyName("warnings")]
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>For people, one fact a line.</summary>
    public IEnumerable<string> Lines()
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{Rows} rows; asked {Asked}, stored before {Stored}, failed {Failed}, "
            + $"without a usable verdict {Unusable}; {PromptTokens} prompt and {CompletionTokens} completion tokens");
        foreach ((string flag, int count) in Flags) yield return $"flagged {flag}: {count}";
        foreach ((string flag, int count) in VerdictFlags) yield return $"verdicts flagged {flag}: {count}";
        foreach (string warning in Warnings) yield return $"warning: {warning}";
    }

    /// <param name="judged">The model's answers, to be counted by flag.</param>
    internal static JudgedRun Of(
        IReadOnlyList<string> files, int rows, KeyedReplies replies, int unusable, IEnumerable<string> verdictFlags,
        IEnumerable<string> judged,
        IReadOnlyList<string> warnings)
    {
        Answer[] heard = [.. replies.Answers.Where(a => a.Error is null)];
        return new JudgedRun
        {
            Files = files,
            Rows = rows,
            Asked = replies.Asked,
            Stored = replies.Stored,
            Failed = replies.Answers.Count - heard.Length,
            Unusable = unusable,
            PromptTokens = heard.Sum(a => (long)a.PromptTokens),
            CompletionTokens = heard.Sum(a => (long)a.CompletionTokens),
            Flags = Count(judged.SelectMany(AnswerFlags.Of)),
            VerdictFlags = Count(verdictFlags),
            Warnings = warnings,
        };
    }

    private static Dictionary<string, int> Count(IEnumerable<string> flags) =>
        flags.GroupBy(f => f).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count());

    /// <summary>A judge that judges itself prefers itself.</summary>
    internal static IEnumerable<string> OfItself(ModelInfo judge, params string[] models) =>
        models.Where(m => string.Equals(m, judge.Name, StringComparison.OrdinalIgnoreCase))
        .Select(m => $"the judge is {m} itself: judges prefer their own answers");
}
