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

    public static async Task AnswerAsync(Exchange exchange)
    {
        CompletionAsked asked = Read(await exchange.FieldsAsync().ConfigureAwait(false), exchange);
        if (asked.Settings.Streams) await CompletionStream.SendAsync(asked, exchange).ConfigureAwait(false);
        else await exchange.WriteAsync(await WholeAsync(asked, exchange).ConfigureAwait(false)).ConfigureAwait(false);
    }

    public static JsonObject Usage(int prompt, int completion) => new()
    {
        ["prompt_tokens"] = prompt,
        ["completion_tokens"] = completion,
        ["total_tokens"] = prompt + completion,
    };

    private static CompletionAsked Read(RequestFields fields, Exchange exchange)
    {
        ServedModel model = AnswerSettings.Model(fields, exchange.Models);
        fields.Off("best_of", v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int b)
            && b == (fields.Whole("n", 1, AnswerSettings.MostAnswers) ?? 1));
        fields.Off("suffix", v => v.ValueKind == JsonValueKind.String && v.ValueEquals(""));
        int[][] prompts = Prompts(fields, model);
        long? longest = fields.Whole("max_tokens", 0, int.MaxValue);
        bool echo = fields.Flag("echo") ?? false;
        int? top = (int?)fields.Whole("logprobs", 0, AnswerSettings.MostLogProbs);
        AnswerSettings settings = AnswerSettings.Read(fields, model);
        fields.End();
        if (longest == 0 && !echo)
            throw ApiException.Invalid("`max_tokens` is 0 without `echo`: nothing would come back", "max_tokens");
        if (settings.Streams && echo && (top is not null || longest == 0))
            throw ApiException.Invalid("`echo` with `logprobs` scores a text, which is not streamed: ask without `stream`", "stream");
        GenerationRequest[] requests = [.. prompts.Select(prompt =>
        {
            int length = AnswerSettings.Length(prompt.Length, longest, UsualLength, model, longest == 0 ? "prompt" : "max_tokens");
            return new GenerationRequest(prompt, settings.Sampling with { MaxNewTokens = length }, settings.Count);
        })];
        AnswerSettings.CheckWork(requests, exchange.Limits);
        return new CompletionAsked(model, requests, settings, echo, top);
    }

    private static async Task<JsonObject> WholeAsync(CompletionAsked asked, Exchange exchange)
    {
        // With max_tokens 0 a text is only scored.
        Completion[] answers = asked.Requests[0].Options.MaxNewTokens == 0
            ? [.. asked.Requests.SelectMany((r, i) => Enumerable.Range(0, r.Count)
                .Select(a => new Completion(i, a, [], [], FinishReasons.Length)))]
            : await exchange.CompleteAsync(asked.Model, asked.Requests).ConfigureAwait(false);
        JsonObject?[] scores = asked.Top is null
            ? new JsonObject?[answers.Length]
            : await ScoreAsync(asked, answers, exchange.Cancel).ConfigureAwait(false);
        JsonObject whole = asked.Head(exchange.Now);
        whole["choices"] = new JsonArray([.. answers.Select((answer, i) => asked.Choice(
            answer.RequestIndex, answer.AnswerIndex, asked.Echoed(answer.RequestIndex) + AnswerText.Of(
                answer, asked.Model, asked.Settings.Sampling.StopStrings, tools: null),
            scores[i], answer.Ids, answer.FinishReason, withPrompt: true))]);
        whole["usage"] = Usage(asked.Requests.Sum(r => r.PromptIds.Length), answers.Sum(a => a.Ids.Length));
        return whole;
    }

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
            JsonValueKind.String => model.Tokenizer.Encode(i.GetString()!, special, parse),
            JsonValueKind.Array => Ids(i, "prompt", model),
            _ => throw RequestFields.Wrong("prompt", "a text, token ids, or a list of either"),
        })];
        return prompts.All(p => p.Length > 0) ? prompts : throw ApiException.Invalid("a prompt has no tokens", "prompt");
    }

    /// <summary>A list of token ids of the model.</summary>
    public static int[] Ids(JsonElement list, string name, ServedModel model) => [.. list.EnumerateArray().Select(value =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int id) && id >= 0 && id < model.Vocabulary ? id
        : throw RequestFields.Wrong(name, $"token ids from 0 to {model.Vocabulary - 1}, or texts"))];

    private static async Task<JsonObject?[]> ScoreAsync(CompletionAsked asked, Completion[] answers, CancellationToken cancel)
    {
        int top = asked.Top!.Value;
        int[][] prompts = [.. answers.Select(a => asked.Requests[a.RequestIndex].PromptIds)];
        if (!asked.Echo)
        {
            TokenLine[][] lines = await TokenLines.OfAsync(asked.Model, prompts, answers, top, cancel, asked.Settings.ReturnsIds)
                .ConfigureAwait(false);
            return [.. lines.Select(own => TokenLines.ForText(own, top))];
        }
        int[][] read = [.. answers.Select((a, i) => (int[])[.. prompts[i], .. asked.Model.Shown(a)])];
        // A single token has nothing before it that would predict it.
        int[] scored = [.. Enumerable.Range(0, read.Length).Where(i => read[i].Length > 1)];
        ScoredSequence[] sequences = [.. scored.Select(i => new ScoredSequence(read[i], 1))];
        SequenceScore[] scores = scored.Length == 0
            ? []
            : await asked.Model.ScoreAsync(sequences, Math.Max(top, 1), cancel).ConfigureAwait(false);
        var tokens = scored.Zip(scores, (i, s) => (i, s.Tokens)).ToDictionary(x => x.i, x => x.Tokens);
        return [.. read.Select((ids, i) => TokenLines.ForText(
            TokenLines.Of(asked.Model.Tokenizer, ids, tokens.GetValueOrDefault(i, [])), top))];
    }
}

/// <summary>A request for texts, read and checked.</summary>
/// <param name="Requests">One per prompt.</param>
/// <param name="Echo">Whether the prompt stands before its answers.</param>
/// <param name="Top">Likeliest tokens to tell in each place; null without <c>logprobs</c>.</param>
internal sealed record CompletionAsked(
    ServedModel Model, GenerationRequest[] Requests, AnswerSettings Settings, bool Echo, int? Top)
{
    private readonly string _id = $"cmpl-{Guid.NewGuid():N}";

    public JsonObject Head(DateTimeOffset now) => new()
    {
        ["id"] = _id,
        ["object"] = "text_completion",
        ["created"] = now.ToUnixTimeSeconds(),
        ["model"] = Model.Name,
    };

    /// <summary>The prompt as a text, where it is to be shown.</summary>
    public string Echoed(int prompt) => Echo ? Model.Tokenizer.Decode(Requests[prompt].PromptIds, skipSpecial: true) : "";

    /// <summary>One choice, whole or a part of it.</summary>
    public JsonObject Choice(
        int prompt, int answer, string text, JsonObject? logProbs, IEnumerable<int>? ids, string? reason, bool withPrompt)
    {
        var choice = new JsonObject
        {
            ["index"] = prompt * Settings.Count + answer,
            ["text"] = text,
            ["logprobs"] = logProbs,
            ["finish_reason"] = reason,
        };
        if (!Settings.ReturnsIds) return choice;
        choice["token_ids"] = ids is null ? null : ChatRoute.Ids(ids);
        choice["prompt_token_ids"] = withPrompt ? ChatRoute.Ids(Requests[prompt].PromptIds) : null;
        return choice;
    }
}
