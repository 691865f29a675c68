using Hone.Data;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>
/// AlpacaEval 2's judge (<c>weighted_alpaca_eval_gpt4_turbo</c>): sees both answers under the names m and M, which of them
/// first is drawn from the instruction, and says one token; the log-probabilities of that token are the preference.
/// </summary>
internal static class AlpacaJudge
{
    private const int TopLogProbs = 5;

    /// <summary>
    /// Judges a model's outputs against the baseline's and writes alpaca_eval's <c>annotations.json</c>, one file per repeat, in
    /// the order of the baseline, since length control reads difficulties by position. Outputs that equal the
    /// baseline's are a draw and are not asked. A reply with neither name among its tokens has preference null.
    /// </summary>
    /// <param name="outputs">The model's outputs (instruction, output, generator).</param>
    /// <param name="baseline">The baseline's outputs; for AlpacaEval 2 those of gpt4_1106_preview.</param>
    /// <param name="prompt">alpaca_eval's <c>alpaca_eval_clf.txt</c>.</param>
    /// <exception cref="InputException">No instruction is in both files, or the prompt is not one.</exception>
    public static async Task<JudgedRun> JudgeAsync(
        ILanguageModel judge, string outputs, string baseline, string prompt, string annotations, RequestOptions options, int repeats = 1,
        CancellationToken cancel = default)
    {
        JudgedFile.RequireRepeats(repeats);
        PromptTemplate[] template = ReadPrompt(prompt, out string[] roles);
        IReadOnlyList<Pair> pairs = Match(outputs, baseline, out int unanswered);
        List<KeyedRequest> asks = [];
        List<(int Pair, int Repeat)> places = [];
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            for (int i = 0; i < pairs.Count; i++)
            {
                if (pairs[i].Same) continue;
                Dictionary<string, string> values = pairs[i].Placeholders();
                var messages = template.Select((t, m) => new ChatMessage(roles[m], t.Fill(values))).ToArray();
                places.Add((i, repeat));
                // Temperature 1: the token drawn is not used, and a local judge must not sharpen its log-probabilities.
                asks.Add(new KeyedRequest($"{i}/repeat-{repeat}", new GenerateRequest(ModelPrompt.Of(messages),
                    new GenerateOptions { MaxNewTokens = 1, Temperature = 1, TopLogProbs = TopLogProbs, Seed = (ulong)repeat })));
            }
        }
        KeyedReplies replies = await KeyedRequest.AllAsync("alpaca_eval/judge", asks, judge, options, cancel).ConfigureAwait(false);
        var reply = places.Select((p, i) => (p, Answer: replies.Answers[i])).ToDictionary(x => x.p, x => x.Answer);
        List<string> files = [];
        int unusable = 0;
        List<string> doubts = [];
        for (int repeat = 1; repeat <= repeats; repeat++)
        {
            JsonObject[] rows = [.. pairs.Select((p, i) => p.Row(judge.Info.Name, p.Same ? null : reply[(i, repeat)]))];
            doubts.AddRange(rows.SelectMany(r => r["verdict_flags"]!.AsArray().Select(f => (string)f!)));
            unusable += rows.Where((r, i) => r["preference"] is null && reply[(i, repeat)].Error is null).Count();
            files.Add(JudgedFile.OfRepeat(annotations, repeat));
            JudgedFile.WriteArray(files[^1], rows);
        }
        Answer[] heard = [.. replies.Answers.Where(a => a.Error is null)];
        List<string> warnings = [.. JudgedRun.OfItself(judge.Info, pairs[0].Generator)];
        if (unanswered > 0) warnings.Add($"{unanswered} instructions of the baseline have no output: figures are over the others, and "
            + "length control takes difficulties by position in the file");
        if (heard.Length > 0 && heard.All(a => a.FirstTokens.Count == 0))
            warnings.Add("the judge gave no log-probabilities: no verdict can be used");
        return JudgedRun.Of(files, pairs.Count * repeats, replies, unusable, doubts, pairs.Select(p => p.Output2), warnings);
    }

    private sealed record Pair(JsonObject Baseline, JsonObject Model)
    {
        private string Instruction => (string)Baseline["instruction"]!;

        private string Output1 => (string)Baseline["output"]!;

        public string Output2 => (string)Model["output"]!;

        public string Generator => (string?)Model["generator"] ?? "model";

        public bool Same => Output1 == Output2;

        public Dictionary<string, string> Placeholders()
        {
            (string first, string second) = AlpacaAnnotation.IsSwitched(Instruction) ? (Output2, Output1) : (Output1, Output2);
            return new Dictionary<string, string> { ["instruction"] = Instruction, ["output_1"] = first, ["output_2"] = second };
        }

        public JsonObject Row(string annotator, Answer? reply)
        {
            bool switched = AlpacaAnnotation.IsSwitched(Instruction);
            Verdict<double> verdict = Verdict(reply, switched);
            return new JsonObject
            {
                ["dataset"] = Baseline["dataset"]?.DeepClone(),
                ["instruction"] = Instruction,
                ["output_1"] = Output1,
                ["generator_1"] = (string?)Baseline["generator"] ?? "baseline",
                ["output_2"] = Output2,
                ["generator_2"] = Generator,
                ["annotator"] = annotator,
                ["preference"] = verdict.Upstream,
                ["own_preference"] = verdict.Own,
                ["raw_completion"] = reply is null ? null : Raw(reply),
                ["is_switched_outputs"] = switched,
                ["flags"] = new JsonArray([.. AnswerFlags.Of(Output2).Select(f => (JsonNode)f)]),
                ["verdict_flags"] = new JsonArray([.. verdict.Flags.Select(f => (JsonNode)f)]),
            };
        }

        /// <param name="reply">Null for outputs that are the same: a draw that nobody is asked about.</param>
        private static Verdict<double> Verdict(Answer? reply, bool switched) => reply switch
        {
            null => new Verdict<double>(1.5, 1.5, []),
            { Error: not null } => new Verdict<double>(null, null, []),
            _ => AlpacaAnnotation.FromFirstToken(reply.FirstTokens, switched),
        };

        private static JsonObject Raw(Answer reply) => reply.Error is not null
            ? new JsonObject { ["error"] = reply.Error }
            : new JsonObject
            {
                ["finish_reason"] = reply.FinishReason,
                ["text"] = reply.Text,
                ["logprobs"] = new JsonObject
                {
                    ["content"] = new JsonArray(new JsonObject
                    {
                        ["token"] = reply.Text,
                        ["top_logprobs"] = new JsonArray(
                            [.. reply.FirstTokens.Select(t => new JsonObject { ["token"] = t.Token, ["logprob"] = t.LogProb })]),
                    }),
                },
            };
    }

    /// <summary>Outputs beside the baseline's of the same instruction; one that is there twice is taken in order.</summary>
    private static List<Pair> Match(string outputs, string baseline, out int unanswered)
    {
        var own = new Dictionary<string, Queue<JsonObject>>();
        foreach (JsonObject row in QuestionFile.Read(outputs))
        {
            QuestionFile.Text(row, "output", outputs);
            string instruction = QuestionFile.Text(row, "instruction", outputs);
            if (!own.TryGetValue(instruction, out Queue<JsonObject>? queue)) own[instruction] = queue = new Queue<JsonObject>();
            queue.Enqueue(row);
        }
        List<Pair> pairs = [];
        unanswered = 0;
        foreach (JsonObject row in QuestionFile.Read(baseline))
        {
            QuestionFile.Text(row, "output", baseline);
            if (own.TryGetValue(QuestionFile.Text(row, "instruction", baseline), out Queue<JsonObject>? queue) && queue.Count > 0)
                pairs.Add(new Pair(row, queue.Dequeue()));
            else unanswered++;
        }
        if (pairs.Count == 0) throw new InputException($"no instruction of the outputs is among those of {baseline}", outputs,
            "Answer the instructions of the baseline's file.");
        return pairs;
    }

    /// <summary>ChatML, taken apart before anything is filled in, so that no answer can end its message.</summary>
    private static PromptTemplate[] ReadPrompt(string path, out string[] roles)
    {
        const string Start = "<|im_start|>", End = "<|im_end|>";
        string text = File.Exists(path) ? SmallText.Read(path).Trim()
            : throw new InputException("the judge's prompt is missing", path, "It is alpaca_eval's alpaca_eval_clf.txt.");
        if (!text.StartsWith(Start, StringComparison.Ordinal) || !text.EndsWith(End, StringComparison.Ordinal)
            || !text.Contains("{output_2}", StringComparison.Ordinal))
            throw new InputException($"this is no judge's prompt: it must begin with {Start}, end with {End} and have the places "
                + $"{{instruction}}, {{output_1}} and {{output_2}}", path);
        string[][] messages = [.. text.Split(Start, StringSplitOptions.RemoveEmptyEntries).Select(m => m.Split('\n', 2))];
        roles = [.. messages.Select(m => m[0].Trim())];
        return [.. messages.Select(m => new PromptTemplate(m.Length > 1 ? m[1].Split(End)[0].Trim() : ""))];
    }
}
