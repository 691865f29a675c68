using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary>Texts as OpenAI's chunks, mixed as they come, told apart by their index.</summary>
/// <remarks>
/// Text that may become a stop string is held back until it is known. With <c>logprobs</c> above 0 an answer is sent when it is
/// whole, for the likeliest tokens of its places are computed then.
/// </remarks>
internal static class CompletionStream
{
    public static async Task SendAsync(CompletionAsked asked, Exchange exchange)
    {
        var stream = new JsonStream(exchange.Http.Response, events: true);
        var answers = new Dictionary<(int, int), Answer>();
        int sampled = 0;
        await foreach (GeneratedToken token in exchange.SampleAsync(asked.Model, asked.Requests).ConfigureAwait(false))
        {
            sampled++;
            bool first = !answers.TryGetValue((token.RequestIndex, token.AnswerIndex), out Answer? answer);
            if (first)
                answers[(token.RequestIndex, token.AnswerIndex)] = answer = new Answer(asked, asked.Echoed(token.RequestIndex));
            answer!.Push(token);
            if (token.Answer is null && (asked.Top > 0 || answer.Text.Length == 0)) continue;
            if (asked.Top is > 0 and var likeliest)
                answer.Lines.AddRange((await TokenLines.OfAsync(asked.Model, [asked.Requests[token.RequestIndex].PromptIds],
                    [token.Answer!], likeliest, exchange.Cancel, asked.Settings.ReturnsIds).ConfigureAwait(false))[0]);
            JsonObject chunk = asked.Head(exchange.Now);
            chunk["choices"] = new JsonArray(asked.Choice(token.RequestIndex, token.AnswerIndex, answer.Text,
                asked.Top is { } top && answer.Lines.Count > 0 ? TokenLines.ForText(answer.Lines, top) : null,
                answer.Ids, token.Answer?.FinishReason, withPrompt: !answer.Begun));
            if (asked.Settings.StreamsUsage) chunk["usage"] = null;
            await stream.WriteAsync(chunk, exchange.Cancel).ConfigureAwait(false);
            answer.Sent();
        }
        if (asked.Settings.StreamsUsage)
        {
            await stream.UsageAsync(asked.Head(exchange.Now), asked.Requests.Sum(r => r.PromptIds.Length), sampled, exchange.Cancel)
                .ConfigureAwait(false);
        }
        await stream.DoneAsync(exchange.Cancel).ConfigureAwait(false);
    }

    /// <summary>One answer: what of it has not been sent yet.</summary>
    private sealed class Answer(CompletionAsked asked, string echoed)
    {
        private readonly AnswerText _text = new(asked.Model, asked.Settings.Sampling.StopStrings, tools: null);
        private readonly TokenLines _lines = new(asked.Model.Tokenizer);

        public string Text { get; private set; } = echoed;

        public List<int> Ids { get; } = [];

        public List<TokenLine> Lines { get; } = [];

        /// <summary>Whether a part of it was sent.</summary>
        public bool Begun { get; private set; }

        public void Push(GeneratedToken token)
        {
            Text += _text.Push(token.Id, token.Answer is not null);
            Ids.Add(token.Id);
            if (asked.Top == 0 && (asked.Settings.ReturnsIds || !asked.Model.IsStop(token.Id)))
                Lines.Add(_lines.Next(token.Id, token.LogProb));
        }

        public void Sent()
        {
            Text = "";
            Ids.Clear();
            Lines.Clear();
            Begun = true;
        }
    }
}
