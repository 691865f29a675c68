using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary>One answer as Ollama sends it: lines of JSON as it comes, or one object.</summary>
/// <param name="part">A part of the answer in the form of the route: its text, and calls of tools.</param>
internal sealed class OllamaAnswer(Exchange exchange, OllamaOptions options, Action<JsonObject, string, IReadOnlyList<ToolCall>> part)
{
    public async Task SendAsync(int[] prompt, ToolFormat? tools)
    {
        int length = AnswerSettings.Length(prompt.Length, options.Longest, int.MaxValue, options.Model, "prompt");
        var request = new GenerationRequest(prompt, options.Sampling with { MaxNewTokens = length });
        AnswerSettings.CheckWork([request], exchange.Limits);
        var stream = new JsonStream(exchange.Http.Response, events: false);
        var text = new AnswerText(options.Model, options.Sampling.StopStrings, tools);
        ToolCallReader? reader = tools is null ? null : new ToolCallReader(tools);
        (string whole, int sampled, TimeSpan first) = ("", 0, default);
        await foreach (GeneratedToken token in exchange.SampleAsync(options.Model, [request]).ConfigureAwait(false))
        {
            if (sampled++ == 0) first = exchange.Elapsed;
            string piece = text.Push(token.Id, token.Answer is not null);
            if (reader is not null) piece = reader.Push(piece);
            IReadOnlyList<ToolCall> calls = [];
            if (token.Answer is not null && reader is not null)
            {
                (string rest, calls) = reader.Finish();
                piece += rest;
            }
            if (options.Streams)
            {
                if (piece.Length > 0 || calls.Count > 0)
                    await stream.WriteAsync(Line(piece, calls, done: false), exchange.Cancel).ConfigureAwait(false);
                if (token.Answer is { } end)
                    await stream.WriteAsync(Last("", [], end, sampled, first), exchange.Cancel).ConfigureAwait(false);
                continue;
            }
            whole += piece;
            if (token.Answer is { } answer)
                await exchange.WriteAsync(Last(whole, calls, answer, sampled, first)).ConfigureAwait(false);
        }

        JsonObject Last(string piece, IReadOnlyList<ToolCall> calls, Completion answer, int count, TimeSpan firstToken)
        {
            TimeSpan all = exchange.Elapsed;
            JsonObject line = Line(piece, calls, done: true);
            line["done_reason"] = answer.FinishReason;
            line["total_duration"] = Nanoseconds(all);
            line["load_duration"] = 0;
            line["prompt_eval_count"] = prompt.Length;
            line["prompt_eval_duration"] = Nanoseconds(firstToken);
            line["eval_count"] = count;
            line["eval_duration"] = Nanoseconds(all - firstToken);
            return line;
        }
    }

    /// <summary>The answer to a request without a prompt, by which Ollama's clients load a model.</summary>
    public Task LoadedAsync()
    {
        JsonObject line = Line("", [], done: true);
        line["done_reason"] = "load";
        return exchange.WriteAsync(line);
    }

    private JsonObject Line(string piece, IReadOnlyList<ToolCall> calls, bool done)
    {
        var line = new JsonObject
        {
            ["model"] = options.Model.Name,
            ["created_at"] = exchange.Now.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
        };
        part(line, piece, calls);
        line["done"] = done;
        return line;
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
