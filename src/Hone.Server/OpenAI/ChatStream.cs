using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// A chat's answers as OpenAI's chunks. The first of each answer has its role, the last its reason to end; those of several answers
/// are mixed as they come, told apart by their index.
/// </summary>
/// <remarks>
/// Text that may become a stop string or a call of a tool is held back until it is known. With <c>top_logprobs</c> an answer is sent
/// when it is whole, for the likeliest tokens of its places are computed then.
/// </remarks>
internal static class ChatStream
{
    public static async Task SendAsync(ChatAsked asked, Exchange exchange)
    {
        var stream = new JsonStream(exchange.Http.Response, events: true);
        Answer[] answers = [.. Enumerable.Range(0, asked.Request.Count).Select(_ => new Answer(asked))];
        int sampled = 0;
        bool first = true;
        await foreach (GeneratedToken token in exchange.SampleAsync(asked.Model, [asked.Request]).ConfigureAwait(false))
        {
            sampled++;
            Answer answer = answers[token.AnswerIndex];
            if (answer.Sampled == 0)
                await Chunk(token, new JsonObject { ["role"] = "assistant", ["content"] = "" }).ConfigureAwait(false);
            string text = answer.Push(token);
            if (token.Answer is not { } whole)
            {
                if (text.Length > 0) await Chunk(token, new JsonObject { ["content"] = text }, answer.TakeTokens()).ConfigureAwait(false);
                continue;
            }
            (string rest, IReadOnlyList<ToolCall> calls) = answer.Finish();
            Tokens tokens = answer.TakeTokens();
            if (asked.Top > 0) tokens.Lines.AddRange((await asked.LinesAsync([whole], exchange.Cancel).ConfigureAwait(false))[0]);
            if (text.Length + rest.Length + tokens.Ids.Count + tokens.Lines.Count > 0)
                await Chunk(token, new JsonObject { ["content"] = text + rest }, tokens).ConfigureAwait(false);
            foreach ((int i, ToolCall call) in calls.Index())
            {
                JsonObject json = ChatRoute.ToJson(call);
                json["index"] = i;
                await Chunk(token, new JsonObject { ["tool_calls"] = new JsonArray(json) }).ConfigureAwait(false);
            }
            await Chunk(token, [], reason: calls.Count > 0 ? "tool_calls" : whole.FinishReason).ConfigureAwait(false);
        }
        if (asked.Settings.StreamsUsage)
        {
            await stream.UsageAsync(asked.Head("chat.completion.chunk", exchange.Now), asked.Request.PromptIds.Length, sampled,
                exchange.Cancel).ConfigureAwait(false);
        }
        await stream.DoneAsync(exchange.Cancel).ConfigureAwait(false);

        async Task Chunk(GeneratedToken token, JsonObject delta, Tokens tokens = default, string? reason = null)
        {
            JsonObject chunk = asked.Head("chat.completion.chunk", exchange.Now);
            var choice = new JsonObject
            {
                ["index"] = token.AnswerIndex,
                ["delta"] = delta,
                ["logprobs"] = asked.Top is null || tokens.Lines is null or [] ? null : TokenLines.ForChat(tokens.Lines),
                ["finish_reason"] = reason,
            };
            if (asked.Settings.ReturnsIds)
            {
                choice["token_ids"] = tokens.Ids is { } ids ? ChatRoute.Ids(ids) : null;
                if (first) chunk["prompt_token_ids"] = ChatRoute.Ids(asked.Request.PromptIds);
            }
            first = false;
            chunk["choices"] = new JsonArray(choice);
            if (asked.Settings.StreamsUsage) chunk["usage"] = null;
            await stream.WriteAsync(chunk, exchange.Cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Tokens of a chunk.</summary>
    private readonly record struct Tokens(List<int> Ids, List<TokenLine> Lines);

    /// <summary>One answer: what of it has not been sent yet.</summary>
    private sealed class Answer(ChatAsked asked)
    {
        private readonly AnswerText _text = new(asked.Model, asked.Settings.Sampling.StopStrings, asked.Tools);
        private readonly ToolCallReader? _calls = asked.Tools is { } format ? new ToolCallReader(format) : null;
        private readonly TokenLines _lines = new(asked.Model.Tokenizer);
        private string _whole = "";
        private List<int> _ids = [];
        private List<TokenLine> _logProbs = [];

        public int Sampled { get; private set; }

        public string Push(GeneratedToken token)
        {
            Sampled++;
            if (asked.Settings.ReturnsIds) _ids.Add(token.Id);
            if (asked.Top == 0 && !asked.Model.IsStop(token.Id)) _logProbs.Add(_lines.Next(token.Id, token.LogProb));
            string text = _text.Push(token.Id, token.Answer is not null);
            if (_calls is not null) text = _calls.Push(text);
            if (asked.Top is null or 0) return text;
            _whole += text;
            return token.Answer is null ? "" : _whole;
        }

        public (string Text, IReadOnlyList<ToolCall> Calls) Finish() => _calls?.Finish() ?? ("", []);

        public Tokens TakeTokens()
        {
            var taken = new Tokens(_ids, _logProbs);
            (_ids, _logProbs) = ([], []);
            return taken;
        }
    }
}
