using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>
/// Answers to Arena-Hard's prompts, in the <c>model_answer</c> layout of 2024, which both versions of the judge here
/// read.
/// </summary>
internal static class ArenaAnswers
{
    /// <summary>Longest answer, in tokens, at temperature 0: Arena-Hard's own.</summary>
    public const int MaxNewTokens = 4096;

    /// <param name="countTokens">Tokens of an answer as upstream's files hold them (cl100k); null leaves them out.</param>
    /// <exception cref="InputException">The questions cannot be read, or the model cannot be asked.</exception>
    public static async Task<JudgedRun> GenerateAsync(
        ILanguageModel model, string questions, string output, RequestOptions options, AnswerSettings? settings = null,
        Func<string, int>? countTokens = null, CancellationToken cancel = default)
    {
        AnswerSettings s = settings ?? new AnswerSettings();
        IReadOnlyList<ArenaQuestion> all = s.Limited(ArenaQuestion.Read(questions));
        KeyedReplies replies = await KeyedRequest.AllAsync("arena_hard",
            [.. all.Select(q => new KeyedRequest(q.Id,
                new GenerateRequest(s.Prompt(ChatMessage.User(q.Prompt)), s.Options(MaxNewTokens, 0))))],
                model, options, cancel).ConfigureAwait(false);
        (ArenaQuestion Question, Answer Answer)[] heard = [.. all.Zip(replies.Answers).Where(x => x.Second.Error is null)];
        JudgedFile.WriteLines(output, heard.Select(x =>
        {
            var turn = new JsonObject { ["content"] = x.Answer.Text };
            if (countTokens is not null) turn["token_len"] = countTokens(x.Answer.Text);
            return new JsonObject
            {
                ["question_id"] = x.Question.Id,
                ["answer_id"] = TaskRunner.Hash($"{model.Info.Identity}\n{x.Question.Id}\n{x.Answer.Text}")[..22],
                ["model_id"] = model.Info.Name,
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["turns"] = new JsonArray(turn) }),
            };
        }));
        return JudgedRun.Of([output], heard.Length, replies, 0, [], heard.Select(h => h.Answer.Text), []);
    }
}
