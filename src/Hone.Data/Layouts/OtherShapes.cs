using System.Text.Json;

namespace Hone.Data;

/// <summary>
/// Rows that hold a prompt and answers in a way that no layout reads. They are not rows of prompts: whoever takes them for
/// such loses the answers without a word.
/// </summary>
internal static class OtherShapes
{
    private static readonly string[] s_ratings = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"];
    private static readonly string[] s_answers =
    [
        "chosen", "rejected", "completion", "completions", "response", "responses", "response_1", "response_2", "response_a", "response_b",
        "response_j", "response_k", "answer", "answers", "output", "outputs", "generation", "generations", "candidates",
    ];

    public static bool HasAnswers(DataRecord record) => record.Columns.Any(s_answers.Contains);

    /// <summary>What a row with answers looks like, in words.</summary>
    public static string NameOf(DataRecord record)
    {
        if (record.Columns.Any(s_ratings.Contains)) return "rated answers as in HelpSteer (prompt, response, helpfulness, ...)";
        if (record.Has("responses", JsonValueKind.Array)) return "several answers to a prompt (prompt, responses, and perhaps scores)";
        return $"prompts with {DataRecord.List(record.Columns.Where(s_answers.Contains))}";
    }
}
