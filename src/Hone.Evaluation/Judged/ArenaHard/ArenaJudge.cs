using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>Arena-Hard's judge: two games per question, the baseline shown first as A, then the model.</summary>
internal static class ArenaJudge
{
    /// <summary>Arena-Hard's limit of a judgment, at temperature 0.</summary>
    public const int MaxNewTokens = 4096;

    private const string GoOn = "continue your judgment and finish by outputting a final verdict label";

    /// <summary>
    /// Judges and writes the <c>model_judgment</c> rows of 2024 (games with user_prompt, judgment, score), one file per
    /// repeat.
    /// </summary>
    /// <param name="answers">The model's answers, in either layout.</param>
    /// <param name="baseline">The baseline's; for v0.1 those of gpt-4-0314.</param>
    /// <exception cref="InputException">No question is answered by both, a file cannot be read, or the judge cannot be asked.</exception>
    public static async Task<JudgedRun> JudgeAsync(
        ILanguageModel judge, string questions, string answers, string baseline, ArenaJudgePrompt prompt,
        string judgments, RequestOptions options,
        ArenaVerdictRule rule = ArenaVerdictRule.Of2024, int repeats = 1, CancellationToken cancel = default)
    {
        JudgedFile.RequireRepeats(repeats);
        var own = ArenaAnswer.Read(answers);
        var other = ArenaAnswer.Read(baseline);
        IReadOnlyList<ArenaQuestion> all = ArenaQuestion.Read(questions);
        ArenaQuestion[] asked = [.. all.Where(q => own.ContainsKey(q.Id) && other.ContainsKey(q.Id))];
        if (asked.Length == 0) throw new InputException("no question is answered by both the model and the baseline", answers);
        Game[] games = [.. Enumerable.Range(1, repeats).SelectMany(repeat => asked.SelectMany(q => new[]
        {
            new Game($"{q.Id}/game-1/repeat-{repeat}", prompt.Fill(q.Prompt, other[q.Id].Text, own[q.Id].Text), repeat),
            new Game($"{q.Id}/game-2/repeat-{repeat}", prompt.Fill(q.Prompt, own[q.Id].Text, other[q.Id].Text), repeat),
        }))];

        KeyedReplies first = await KeyedRequest.AllAsync("arena_hard/judge", [.. games.Select(g => new KeyedRequest(g.Item,
            Request(g, ChatMessage.System(prompt.System), ChatMessage.User(g.Prompt))))], judge, options, cancel).ConfigureAwait(false);
        for (int i = 0; i < games.Length; i++) games[i] = games[i].Heard(first.Answers[i], rule);
        // The 2024 code asks once more where there was no label at all.
        int[] silent = rule == ArenaVerdictRule.Of2024
            ? [.. games.Index().Where(g => g.Item.Error is null && !ArenaVerdict.HasLabel(g.Item.Judgment)).Select(g => g.Index)] : [];
        KeyedReplies second = await KeyedRequest.AllAsync("arena_hard/judge",
            [.. silent.Select(i => new KeyedRequest($"{games[i].Item}/again", Request(games[i],
            ChatMessage.System(prompt.System), ChatMessage.User(games[i].Prompt), ChatMessage.Assistant(first.Answers[i].Text),
                ChatMessage.User(GoOn))))], judge, options, cancel).ConfigureAwait(false);
        for (int s = 0; s < silent.Length; s++) games[silent[s]] = games[silent[s]].Heard(second.Answers[s], rule);

        List<string> files = [];
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            files.Add(JudgedFile.OfRepeat(judgments, repeat));
            int start = (repeat - 1) * asked.Length;
            JudgedFile.WriteLines(files[^1], asked.Select((q, i) => new JsonObject
            {
                ["question_id"] = q.Id,
                ["model"] = own[q.Id].Model,
                ["judge"] = judge.Info.Name,
                ["baseline"] = other[q.Id].Model,
                ["games"] = new JsonArray(games[2 * (start + i)].ToJson(), games[(2 * (start + i)) + 1].ToJson()),
                ["flags"] = new JsonArray([.. AnswerFlags.Of(own[q.Id].Text).Select(f => (JsonNode)f)]),
            }));
        }
        return JudgedRun.Of(files, asked.Length * repeats, first.And(second),
            games.Count(g => g.Error is null && ArenaVerdict.Worth(g.Score, rule) is null),
            games.Where(g => g.Error is null).SelectMany(g => ArenaVerdict.Flags(g.Judgment, rule)),
            asked.Select(q => own[q.Id].Text),
            [.. JudgedRun.OfItself(judge.Info, own.Values.First().Model), .. asked.Length == all.Count ? Array.Empty<string>()
                : [$"{all.Count - asked.Length} of {all.Count} questions have no answer of the model or of the baseline: "
                + "figures are over the others"]]);
    }

    private static GenerateRequest Request(Game game, params ChatMessage[] messages) =>
        new(ModelPrompt.Of(messages), new GenerateOptions { MaxNewTokens = MaxNewTokens, Seed = (ulong)game.Repeat });

    private sealed record Game(string Item, string Prompt, int Repeat)
    {
        public string Judgment { get; init; } = "";

        public string? Score { get; init; }

        public string? Error { get; init; }

        public Game Heard(Answer reply, ArenaVerdictRule rule)
        {
            if (reply.Error is not null) return this with { Error = reply.Error };
            string judgment = Judgment.Length == 0 ? reply.Text : $"{Judgment}\n{reply.Text}";
            return this with { Judgment = judgment, Score = ArenaVerdict.Label(judgment, rule) };
        }

        public JsonObject ToJson()
        {
            var json = new JsonObject { ["user_prompt"] = Prompt, ["judgment"] = Judgment, ["score"] = Error is null ? Score : null };
            if (Error is null) json["own_score"] = ArenaVerdict.Own(Judgment);
            if (Error is not null) json["error"] = Error;
            return json;
        }
    }
}
