using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>MT-Bench's judge in pairwise mode: a model against a baseline, each turn in both orders.</summary>
internal static class MtBenchPairJudge
{
    /// <summary>Judges and writes FastChat's rows (g1_winner, g2_winner), one file per repeat.</summary>
    /// <param name="answers">FastChat's <c>model_answer</c> of the model; it becomes model_1.</param>
    /// <param name="baseline">The same of the baseline; it becomes model_2.</param>
    /// <exception cref="InputException">No question is answered by both, a file cannot be read, or the judge cannot be asked.</exception>
    public static async Task<JudgedRun> JudgeAsync(
        ILanguageModel judge, string questions, string answers, string baseline, MtBenchPrompts prompts, string judgments,
        RequestOptions options, int repeats = 1, CancellationToken cancel = default)
    {
        JudgedFile.RequireRepeats(repeats);
        var one = MtBenchQuestion.ReadAnswers(answers, out string model1);
        var two = MtBenchQuestion.ReadAnswers(baseline, out string model2);
        if (model1 == model2)
            throw new InputException($"both files hold answers of {model1}", answers, "A model is compared with another.");
        IReadOnlyList<MtBenchQuestion> all = MtBenchQuestion.Read(questions);
        (MtBenchQuestion Question, int Turn, MtBenchPrompt G1, MtBenchPrompt G2)[] matches =
            [.. all.Where(q => one.ContainsKey(q.Id) && two.ContainsKey(q.Id)).SelectMany(_ => Enumerable.Range(1, 2),
            (q, turn) => (q, turn, prompts.Pair(q, turn, one[q.Id], two[q.Id]), prompts.Pair(q, turn, two[q.Id], one[q.Id])))];
        if (matches.Length == 0) throw new InputException("no question is answered by both models", answers);
        KeyedRequest[] asks = [.. Enumerable.Range(1, repeats).SelectMany(repeat => matches.SelectMany(m => new[]
        {
            new KeyedRequest($"{m.Question.Id}/turn-{m.Turn}/game-1/repeat-{repeat}", m.G1.Request(repeat)),
            new KeyedRequest($"{m.Question.Id}/turn-{m.Turn}/game-2/repeat-{repeat}", m.G2.Request(repeat)),
        }))];
        KeyedReplies replies = await KeyedRequest.AllAsync("mt_bench/pair-judge", asks, judge, options, cancel).ConfigureAwait(false);

        List<string> files = [];
        int unusable = 0;
        List<string> doubts = [];
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            List<JsonObject> rows = [];
            for (int i = 0; i < matches.Length; i++)
            {
                int at = 2 * (((repeat - 1) * matches.Length) + i);
                Answer g1 = replies.Answers[at], g2 = replies.Answers[at + 1];
                (Verdict<char> verdict1, Verdict<char> verdict2) = (PairVerdict.Read(g1.Text), PairVerdict.Read(g2.Text));
                string winner1 = Winner(verdict1.Upstream, "model_1", "model_2"), winner2 = Winner(verdict2.Upstream, "model_2", "model_1");
                if (g1.Error is null) doubts.AddRange(verdict1.Flags);
                if (g2.Error is null) doubts.AddRange(verdict2.Flags);
                unusable += (g1.Error is null && winner1 == "error" ? 1 : 0) + (g2.Error is null && winner2 == "error" ? 1 : 0);
                rows.Add(new JsonObject
                {
                    ["question_id"] = matches[i].Question.Id,
                    ["model_1"] = model1,
                    ["model_2"] = model2,
                    ["g1_winner"] = winner1,
                    ["g2_winner"] = winner2,
                    ["g1_own_winner"] = Winner(verdict1.Own, "model_1", "model_2"),
                    ["g2_own_winner"] = Winner(verdict2.Own, "model_2", "model_1"),
                    ["judge"] = new JsonArray(judge.Info.Name, matches[i].G1.Name),
                    ["g1_user_prompt"] = matches[i].G1.User,
                    ["g1_judgment"] = g1.Error is null ? g1.Text : MtBenchJudge.NoReply,
                    ["g2_user_prompt"] = matches[i].G2.User,
                    ["g2_judgment"] = g2.Error is null ? g2.Text : MtBenchJudge.NoReply,
                    ["turn"] = matches[i].Turn,
                });
            }
            files.Add(JudgedFile.OfRepeat(judgments, repeat));
            JudgedFile.WriteLines(files[^1], rows);
        }
        return JudgedRun.Of(files, matches.Length * repeats, replies, unusable, doubts, matches.Select(m => one[m.Question.Id][m.Turn - 1]),
            [.. JudgedRun.OfItself(judge.Info, model1, model2), .. MtBenchJudge.Missing(all, one)]);
    }

    // A request without a reply has no text and so no verdict.
    private static string Winner(char? verdict, string a, string b) => verdict switch { 'A' => a, 'B' => b, 'C' => "tie", _ => "error" };
}
