using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>MT-Bench's judge in single mode: a grade from 1 to 10 for each turn of each answer (FastChat <c>gen_judgment</c>).</summary>
internal static class MtBenchJudge
{
    /// <summary>What FastChat writes in place of a judgment that it did not get.</summary>
    internal const string NoReply = "$ERROR$";

    /// <summary>
    /// Grades a model's answers and writes FastChat's <c>model_judgment</c> rows, one file per repeat. A judgment without a
    /// grade has score -1, which no mean takes in.
    /// </summary>
    /// <param name="answers">FastChat's <c>model_answer</c> of one model.</param>
    /// <exception cref="InputException">No question is answered, a file cannot be read, or the judge cannot be asked.</exception>
    public static async Task<JudgedRun> JudgeAsync(
        ILanguageModel judge, string questions, string answers, MtBenchPrompts prompts, string judgments, RequestOptions options,
        int repeats = 1, CancellationToken cancel = default)
    {
        JudgedFile.RequireRepeats(repeats);
        IReadOnlyDictionary<int, IReadOnlyList<string>> given = MtBenchQuestion.ReadAnswers(answers, out string model);
        IReadOnlyList<MtBenchQuestion> all = MtBenchQuestion.Read(questions);
        (MtBenchQuestion Question, int Turn, MtBenchPrompt Prompt)[] games = [.. all.Where(q => given.ContainsKey(q.Id))
            .SelectMany(_ => Enumerable.Range(1, 2), (q, turn) => (q, turn, prompts.Single(q, turn, given[q.Id])))];
        if (games.Length == 0) throw new InputException("no answer belongs to a question", answers);
        KeyedRequest[] asks = [.. Enumerable.Range(1, repeats)
            .SelectMany(repeat => games.Select(g => new KeyedRequest($"{g.Question.Id}/turn-{g.Turn}/repeat-{repeat}",
                g.Prompt.Request(repeat))))];
        KeyedReplies replies = await KeyedRequest.AllAsync("mt_bench/judge", asks, judge, options, cancel).ConfigureAwait(false);

        List<string> files = [];
        int unusable = 0;
        List<string> doubts = [];
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            List<JsonObject> rows = [];
            for (int i = 0; i < games.Length; i++)
            {
                Answer reply = replies.Answers[((repeat - 1) * games.Length) + i];
                Verdict<double> verdict = GradeVerdict.Read(reply.Text);
                if (reply.Error is null && verdict.Upstream is null) unusable++;
                if (reply.Error is null) doubts.AddRange(verdict.Flags);
                var row = new JsonObject
                {
                    ["question_id"] = games[i].Question.Id,
                    ["model"] = model,
                    ["judge"] = new JsonArray(judge.Info.Name, games[i].Prompt.Name),
                    ["user_prompt"] = games[i].Prompt.User,
                    ["judgment"] = reply.Error is null ? reply.Text : NoReply,
                    ["score"] = verdict.Upstream ?? -1,
                    ["own_score"] = verdict.Own ?? -1,
                    ["turn"] = games[i].Turn,
                    ["flags"] = new JsonArray([.. AnswerFlags.Of(given[games[i].Question.Id][games[i].Turn - 1]).Select(f => (JsonNode)f)]),
                };
                if (verdict.Flags.Count > 0) row["verdict_flags"] = new JsonArray([.. verdict.Flags.Select(f => (JsonNode)f)]);
                if (reply.Error is not null) row["error"] = reply.Error;
                rows.Add(row);
            }
            files.Add(JudgedFile.OfRepeat(judgments, repeat));
            JudgedFile.WriteLines(files[^1], rows);
        }
        return JudgedRun.Of(files, games.Length * repeats, replies, unusable, doubts, games.Select(g => given[g.Question.Id][g.Turn - 1]),
            [.. JudgedRun.OfItself(judge.Info, model), .. Missing(all, given)]);
    }

    internal static IReadOnlyList<string> Missing(IReadOnlyList<MtBenchQuestion> all, IReadOnlyDictionary<int, IReadOnlyList<string>> given)
    {
        int missing = all.Count(q => !given.ContainsKey(q.Id));
        return missing == 0 ? [] : [$"{missing} of {all.Count} questions have no answer: figures are over the others"];
    }
}
