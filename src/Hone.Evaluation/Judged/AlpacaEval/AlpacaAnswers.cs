using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>Answers to AlpacaEval's instructions, in alpaca_eval's own <c>model_outputs.json</c>.</summary>
internal static class AlpacaAnswers
{
    /// <summary>Longest answer, in tokens, unless the settings say otherwise.</summary>
    public const int MaxNewTokens = 2048;

    /// <summary>Asks every instruction of <paramref name="questions"/> and writes instruction, output, generator and dataset.</summary>
    /// <param name="questions">A file with <c>instruction</c>, such as the baseline's own outputs.</param>
    /// <remarks>
    /// Outputs lose white space at both ends, as alpaca_eval's evaluate_from_model has it. An instruction without an
    /// answer has no row.
    /// </remarks>
    /// <exception cref="InputException">A row has no instruction, or the model cannot be asked.</exception>
    public static async Task<JudgedRun> GenerateAsync(
        ILanguageModel model, string questions, string output, RequestOptions options, AnswerSettings? settings = null,
        CancellationToken cancel = default)
    {
        AnswerSettings s = settings ?? new AnswerSettings();
        IReadOnlyList<JsonObject> rows = s.Limited(QuestionFile.Read(questions));
        GenerateOptions generation = s.Options(MaxNewTokens, 0);
        KeyedRequest[] asks = [.. rows.Select((row, i) => new KeyedRequest($"{i}",
            new GenerateRequest(s.Prompt(ChatMessage.User(QuestionFile.Text(row, "instruction", questions))), generation)))];
        KeyedReplies replies = await KeyedRequest.AllAsync("alpaca_eval", asks, model, options, cancel).ConfigureAwait(false);
        List<JsonObject> outputs = [];
        for (int i = 0; i < rows.Count; i++)
        {
            if (replies.Answers[i].Error is not null) continue;
            var row = new JsonObject
            {
                ["instruction"] = (string)rows[i]["instruction"]!, ["output"] = replies.Answers[i].Text.Trim(),
                ["generator"] = model.Info.Name
            };
            if (rows[i]["dataset"] is JsonValue dataset) row.Insert(0, "dataset", dataset.DeepClone());
            outputs.Add(row);
        }
        JudgedFile.WriteArray(output, outputs);
        return JudgedRun.Of([output], outputs.Count, replies, 0, [], outputs.Select(o => (string)o["output"]!), []);
    }
}
