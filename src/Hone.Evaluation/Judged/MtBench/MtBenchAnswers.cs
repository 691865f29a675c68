using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>Answers to MT-Bench's questions, in FastChat's <c>model_answer</c> layout.</summary>
internal static class MtBenchAnswers
{
    /// <summary>Longest answer to one turn, in tokens: FastChat's default.</summary>
    public const int MaxNewTokens = 1024;

    /// <summary>
    /// Asks the first turns, then the second ones behind the model's own answers; the temperature is that of the category.
    /// Each turn is stored as it arrives. A question with a turn that got no reply has no row.
    /// </summary>
    /// <param name="questions">FastChat's <c>question.jsonl</c>.</param>
    /// <exception cref="InputException">The questions cannot be read, or the model cannot be asked.</exception>
    public static async Task<JudgedRun> GenerateAsync(
        ILanguageModel model, string questions, string output, RequestOptions options, AnswerSettings? settings = null,
        CancellationToken cancel = default)
    {
        AnswerSettings s = settings ?? new AnswerSettings();
        IReadOnlyList<MtBenchQuestion> all = s.Limited(MtBenchQuestion.Read(questions));
        GenerateOptions Options(MtBenchQuestion q) => s.Options(MaxNewTokens, q.Temperature);

        KeyedReplies first = await KeyedRequest.AllAsync("mt_bench",
            [.. all.Select(q => new KeyedRequest($"{q.Id}/turn-1",
                new GenerateRequest(s.Prompt(ChatMessage.User(q.Turns[0])), Options(q))))], model,
                options, cancel).ConfigureAwait(false);
        (MtBenchQuestion Question, Answer First)[] begun = [.. all.Zip(first.Answers).Where(x => x.Second.Error is null)];
        KeyedReplies second = await KeyedRequest.AllAsync("mt_bench",
            [.. begun.Select(x => new KeyedRequest($"{x.Question.Id}/turn-2", new GenerateRequest(
            s.Prompt(ChatMessage.User(x.Question.Turns[0]), ChatMessage.Assistant(x.First.Text.Trim()),
                ChatMessage.User(x.Question.Turns[1])), Options(x.Question))))], model, options, cancel).ConfigureAwait(false);

        JsonObject[] rows = [.. begun.Zip(second.Answers).Where(x => x.Second.Error is null).Select(x => new JsonObject
        {
            ["question_id"] = x.First.Question.Id,
            ["answer_id"] = TaskRunner.Hash($"{model.Info.Identity}\n{x.First.Question.Id}\n{x.First.First.Text}\n{x.Second.Text}")[..22],
            ["model_id"] = model.Info.Name,
            ["choices"] =
                new JsonArray(new JsonObject { ["index"] = 0, ["turns"] = new JsonArray(x.First.First.Text.Trim(), x.Second.Text.Trim()) }),
        })];
        JudgedFile.WriteLines(output, rows);
        KeyedReplies replies = first.And(second);
        return JudgedRun.Of([output], rows.Length, replies, 0, [], replies.Answers.Where(a => a.Error is null).Select(a => a.Text), []);
    }
}
