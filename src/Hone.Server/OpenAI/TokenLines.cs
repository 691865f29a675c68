using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Text;

namespace Hone.Server;

/// <summary>A token as <c>logprobs</c> tell it.</summary>
/// <param name="Offset">Where in the text it begins, in characters.</param>
/// <param name="LogProb">Null for a token that nothing stands before.</param>
/// <param name="Top">The likeliest tokens in its place, the likeliest first.</param>
internal readonly record struct TokenLine(string Text, int Offset, float? LogProb, IReadOnlyList<(string Text, float LogProb)> Top);

/// <summary>The tokens of one text, one after the other, with their texts and places.</summary>
/// <remarks>A character that is spread over several tokens belongs to the last of them; the others show it as U+FFFD.</remarks>
internal sealed class TokenLines(Tokenizer tokenizer)
{
    private readonly StreamDecoder _decoder = tokenizer.StartDecoding(skipSpecial: false);
    private int _length;
    private bool _first = true;

    public TokenLine Next(int id, float? logProb, IReadOnlyList<(int Id, float LogProb)>? top = null)
    {
        string piece = _decoder.Push(id);
        bool first = _first;
        var line = new TokenLine(piece.Length > 0 ? piece : tokenizer.Decode([id]), _length, logProb,
            [.. (top ?? []).Select(t => (Of(t.Id, first), t.LogProb))]);
        _length += piece.Length;
        _first = false;
        return line;
    }

    /// <summary>The tokens of a whole answer or text; the last ones are those that have scores.</summary>
    public static TokenLine[] Of(Tokenizer tokenizer, ReadOnlySpan<int> ids, TokenScore[] scores)
    {
        var lines = new TokenLines(tokenizer);
        var result = new TokenLine[ids.Length];
        for (int i = 0, unscored = ids.Length - scores.Length; i < ids.Length; i++)
        {
            TokenScore? score = i < unscored ? null : scores[i - unscored];
            result[i] = lines.Next(ids[i], score?.LogProb, score?.Top);
        }
        return result;
    }

    /// <summary>
    /// The tokens of sampled answers. The likeliest of each place are computed anew, for all answers in one pass; the tokens' own
    /// probabilities came with them.
    /// </summary>
    /// <param name="prompts">What each answer goes on with.</param>
    /// <param name="whole">Whether a token that ended an answer is among them, as it is among returned token ids.</param>
    public static async Task<TokenLine[][]> OfAsync(ServedModel model, IReadOnlyList<int[]> prompts, IReadOnlyList<Completion> answers,
        int top, CancellationToken cancel, bool whole = false)
    {
        int[][] own = [.. answers.Select(a => whole ? a.Ids : model.Shown(a))];
        TokenScore[][] scores = [.. answers.Select((a, i) =>
            (TokenScore[])[.. a.LogProbs.Take(own[i].Length).Select(p => new TokenScore(p, false, []))])];
        int[] asked = top == 0 ? [] : [.. Enumerable.Range(0, own.Length).Where(i => own[i].Length > 0)];
        if (asked.Length > 0)
        {
            ScoredSequence[] read = [.. asked.Select(i => new ScoredSequence([.. prompts[i], .. own[i]], prompts[i].Length))];
            SequenceScore[] found = await model.ScoreAsync(read, top, cancel).ConfigureAwait(false);
            foreach ((int i, SequenceScore score) in asked.Zip(found)) scores[i] = score.Tokens;
        }
        return [.. own.Select((ids, i) => Of(model.Tokenizer, ids, scores[i]))];
    }

    /// <summary>The form of the chat route.</summary>
    public static JsonObject ForChat(IEnumerable<TokenLine> lines) => new()
    {
        ["content"] = new JsonArray([.. lines.Select(line =>
        {
            JsonObject entry = Entry(line.Text, line.LogProb!.Value);
            entry["top_logprobs"] = new JsonArray([.. line.Top.Select(t => Entry(t.Text, t.LogProb))]);
            return entry;
        })]),
        ["refusal"] = null,
    };

    /// <summary>The form of the route of texts.</summary>
    public static JsonObject ForText(IReadOnlyList<TokenLine> lines, int top) => new()
    {
        ["tokens"] = new JsonArray([.. lines.Select(l => (JsonNode)l.Text)]),
        ["token_logprobs"] = new JsonArray([.. lines.Select(l => l.LogProb is { } p ? (JsonNode)Finite(p) : null)]),
        ["top_logprobs"] = top == 0 ? null : new JsonArray([.. lines.Select(l => l.LogProb is null ? null : Likeliest(l.Top))]),
        ["text_offset"] = new JsonArray([.. lines.Select(l => (JsonNode)l.Offset)]),
    };

    /// <summary>
    /// A token's text as it stands in a text: many vocabularies have the space before a word in its token, and drop it where
    /// the text begins.
    /// </summary>
    private string Of(int id, bool first)
    {
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        decoder.Push(id);
        string piece = first ? "" : decoder.Push(id);
        return piece.Length > 0 ? piece : tokenizer.Decode([id]);
    }

    private static JsonObject Likeliest(IReadOnlyList<(string Text, float LogProb)> top)
    {
        var named = new JsonObject();
        // Two tokens may have one text, such as two halves of characters: the likelier one keeps it.
        foreach ((string text, float logProb) in top)
            if (!named.ContainsKey(text)) named[text] = Finite(logProb);
        return named;
    }

    private static JsonObject Entry(string token, float logProb) => new()
    {
        ["token"] = token,
        ["logprob"] = Finite(logProb),
        ["bytes"] = new JsonArray([.. Encoding.UTF8.GetBytes(token).Select(b => (JsonNode)b)]),
    };

    /// <summary>JSON has no infinities; OpenAI writes -9999.</summary>
    public static double Finite(float logProb) => float.IsFinite(logProb)
        ? double.Parse(logProb.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        : -9999;
}
