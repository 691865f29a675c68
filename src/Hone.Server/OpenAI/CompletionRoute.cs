using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// <c>POST /v1/completions</c>: texts or token ids to be continued, and with <c>echo</c> and <c>logprobs</c> to be scored.
/// </summary>
/// <remarks>
/// A text gets the tokenizer's BOS, unless <c>add_special_tokens</c> (vLLM's field) is false; names of control tokens in it
/// are text, unless <c>parse_special</c> is true. Token ids are taken as they are. With <c>max_tokens</c> 0 nothing is sampled.
/// </remarks>
internal static class CompletionRoute
{
    private const int MostPrompts = 1024, UsualLength = 16;

    public static async Task<JsonObject> AnswerAsync(ServedModel model, JsonElement body, DateTimeOffset now, CancellationToken cancel)
    {
        var fields = new RequestFields(body);
        AnswerSettings.RequireModel(fields, model);
        fields.Off("best_of", v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int b)
            && b == (fields.Whole("n", 1, AnswerSettings.MostAnswers) ?? 1));
        fields.Off("suffix", v => v.ValueKind == JsonValueKind.String && v.ValueEquals(""));
        int[][] prompts = Prompts(fields, model);
        long? asked = fields.Whole("max_tokens", 0, int.MaxValue);
        bool echo = fields.Flag("echo") ?? false;
        int? logProbs = (int?)fields.Whole("logprobs", 0, AnswerSettings.MostLogProbs);
        AnswerSettings settings = AnswerSettings.Read(fields);
        fields.End();
        if (asked == 0 && !echo) throw ApiException.Invalid("`max_tokens` is 0 without `echo`: nothing would come back", "max_tokens");

        Completion[] answers = asked == 0
            ? [.. prompts.SelectMany((_, i) => Enumerable.Range(0, settings.Count)
                .Select(a => new Completion(i, a, [], [], FinishReasons.Length)))]
            : await model.GenerateAsync([.. prompts.Select(Request)], cancel).ConfigureAwait(false);
        GenerationRequest Request(int[] p)
        {
            int length = AnswerSettings.Length(p.Length, asked, UsualLength, model, "max_tokens");
            return new GenerationRequest(p, settings.Sampling with { MaxNewTokens = length }, settings.Count);
        }
        if (asked == 0) foreach (int[] prompt in prompts) AnswerSettings.Length(prompt.Length, 0, 0, model, "prompt");

        Choice[] choices = [.. answers.Select((a, i) => new Choice(prompts[i / settings.Count], a, echo, model))];
        JsonObject?[] scores = logProbs is { } top
            ? await ScoreAsync(model, choices, top, cancel).ConfigureAwait(false)
            : new JsonObject?[choices.Length];
        int promptTokens = prompts.Sum(p => p.Length), completionTokens = answers.Sum(a => a.Ids.Length);
        return new JsonObject
        {
            ["id"] = $"cmpl-{Guid.NewGuid():N}",
            ["object"] = "text_completion",
            ["created"] = now.ToUnixTimeSeconds(),
            ["model"] = model.Name,
            ["choices"] = new JsonArray([.. choices.Select((c, i) => new JsonObject
            {
                ["index"] = i,
                ["text"] = c.Text,
                ["logprobs"] = scores[i],
                ["finish_reason"] = c.Answer.FinishReason,
            })]),
            ["usage"] = Usage(promptTokens, completionTokens),
        };
    }

    public static JsonObject Usage(int prompt, int completion) => new()
    {
        ["prompt_tokens"] = prompt,
        ["completion_tokens"] = completion,
        ["total_tokens"] = prompt + completion,
    };

    /// <summary>One list of ids per prompt: a text, a list of texts, a list of ids, or a list of lists of ids.</summary>
    private static int[][] Prompts(RequestFields fields, ServedModel model)
    {
        JsonElement prompt = fields.Get("prompt") ?? throw ApiException.Invalid("`prompt` is needed", "prompt");
        bool special = fields.Flag("add_special_tokens") ?? true, parse = fields.Flag("parse_special") ?? false;
        JsonElement[] items = prompt.ValueKind == JsonValueKind.Array
            && !(prompt.GetArrayLength() > 0 && prompt[0].ValueKind == JsonValueKind.Number)
                ? [.. prompt.EnumerateArray()]
                : [prompt];
        if (items.Length is 0 or > MostPrompts) throw RequestFields.Wrong("prompt", $"1 to {MostPrompts} prompts");
        int[][] prompts = [.. items.Select(i => i.ValueKind switch
        {
            JsonValueKind.String => model.Tokenizer.Encode(RequestFields.Unicode("prompt", i), special, parse),
            JsonValueKind.Array => [.. i.EnumerateArray().Select(id => Id(id, model))],
            _ => throw RequestFields.Wrong("prompt", "a text, token ids, or a list of either"),
        })];
        return prompts.All(p => p.Length > 0) ? prompts : throw ApiException.Invalid("a prompt has no tokens", "prompt");
    }

    private static int Id(JsonElement value, ServedModel model) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0 && id < model.Vocabulary ? id
        : throw RequestFields.Wrong("prompt", $"token ids from 0 to {model.Vocabulary - 1}, or texts");

    private static async Task<JsonObject?[]> ScoreAsync(ServedModel model, Choice[] choices, int top, CancellationToken cancel)
    {
        // A single token has nothing before it that would predict it.
        int[] scored = [.. choices.Index().Where(c => c.Item.Scored.Length > c.Item.From).Select(c => c.Index)];
        ScoredSequence[] sequences = [.. scored.Select(i => new ScoredSequence(choices[i].Scored, choices[i].From))];
        SequenceScore[] scores = scored.Length == 0
            ? []
            : await model.ScoreAsync(sequences, Math.Max(top, 1), cancel).ConfigureAwait(false);
        var tokens = scored.Zip(scores, (i, s) => (i, s.Tokens)).ToDictionary(x => x.i, x => x.Tokens);
        return [.. choices.Select((c, i) => c.LogProbs(tokens.GetValueOrDefault(i, []), top))];
    }

    /// <summary>An answer as it is shown: alone, or behind its prompt.</summary>
    private sealed class Choice(int[] prompt, Completion answer, bool echo, ServedModel model)
    {
        private readonly int[] _own = answer.Ids is [.., int last] && model.IsStop(last) ? answer.Ids[..^1] : answer.Ids;

        public Completion Answer => answer;

        /// <summary>Everything the model read or wrote, the token that ended the answer left out.</summary>
        public int[] Scored => [.. prompt, .. _own];

        /// <summary>The first token with a log-probability.</summary>
        public int From => echo ? 1 : prompt.Length;

        public string Text => (echo ? model.Tokenizer.Decode(prompt, skipSpecial: true) : "")
            + (answer.Text ?? model.Tokenizer.Decode(answer.Ids, skipSpecial: true));

        public JsonObject LogProbs(TokenScore[] scores, int top)
        {
            int[] shown = echo ? Scored : _own;
            (string[] texts, int[] offsets) = TokenPieces.Of(model.Tokenizer, shown);
            int unscored = shown.Length - scores.Length;
            JsonArray Row(Func<TokenScore, int, JsonNode> node) =>
                new([.. Enumerable.Range(0, shown.Length).Select(i => i < unscored ? null : node(scores[i - unscored], i))]);
            return new JsonObject
            {
                ["tokens"] = new JsonArray([.. texts.Select(t => (JsonNode)t)]),
                ["token_logprobs"] = Row((s, _) => Finite(s.LogProb)),
                ["top_logprobs"] = top == 0 ? null : Row((s, i) => Likeliest(s.Top, i == 0)),
                ["text_offset"] = new JsonArray([.. offsets.Select(o => (JsonNode)o)]),
            };
        }

        private JsonObject Likeliest(IReadOnlyList<(int Id, float LogProb)> top, bool first)
        {
            var named = new JsonObject();
            // Two tokens may have one text, such as two halves of characters: the likelier one keeps it.
            foreach ((int id, float logProb) in top)
            {
                string text = TokenPieces.Of(model.Tokenizer, id, first);
                if (!named.ContainsKey(text)) named[text] = Finite(logProb);
            }
            return named;
        }
    }

    /// <summary>JSON has no infinities; OpenAI writes -9999.</summary>
    public static double Finite(float logProb) => float.IsFinite(logProb)
        ? double.Parse(logProb.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        : -9999;
}
