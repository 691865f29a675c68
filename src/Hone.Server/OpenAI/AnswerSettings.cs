using System.Globalization;
using System.Text.Json;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// How answers are sampled and sent, as both of OpenAI's routes take it. The defaults are OpenAI's; <c>top_k</c>, <c>min_p</c>,
/// <c>repetition_penalty</c> and <c>return_token_ids</c> are vLLM's, <c>typical_p</c> is text-generation-inference's. Formats:
/// <see cref="AnswerFormat"/>.
/// </summary>
/// <param name="Sampling">Options without the answer's length.</param>
/// <param name="Count">Answers per prompt.</param>
/// <param name="Streams">Whether tokens are sent as they are sampled.</param>
/// <param name="StreamsUsage">Whether the stream's last event tells the tokens.</param>
/// <param name="ReturnsIds">Whether token ids of prompts and answers are sent too.</param>
internal sealed record AnswerSettings(SamplingOptions Sampling, int Count, bool Streams, bool StreamsUsage, bool ReturnsIds)
{
    public const int MostAnswers = 128, MostLogProbs = 20, MostBiases = 1024;

    public static AnswerSettings Read(RequestFields fields, ServedModel model)
    {
        double temperature = fields.Number("temperature", 0, 2) ?? 1;
        var sampling = new SamplingOptions
        {
            DoSample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = fields.Number("top_p", 0, 1) ?? 1,
            TopK = (int)Math.Max(0, fields.Whole("top_k", -1, int.MaxValue) ?? 0), // vLLM's -1 is off, too
            MinP = fields.Number("min_p", 0, 1) ?? 0,
            TypicalP = fields.Number("typical_p", 1e-9, 1) ?? 1,
            RepetitionPenalty = fields.Number("repetition_penalty", 1e-3, 1e3) ?? 1,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            LogitBias = Biases(fields, model),
            Seed = unchecked((ulong)(fields.Whole("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64())),
            StopStrings = fields.Stops("stop"),
            Constraint = AnswerFormat.Read(fields),
        };
        bool streams = fields.Flag("stream") ?? false;
        return new AnswerSettings(sampling, (int)(fields.Whole("n", 1, MostAnswers) ?? 1), streams, StreamsUsageOf(fields, streams),
            fields.Flag("return_token_ids") ?? false);
    }

    /// <summary>The language model that the request names.</summary>
    public static ServedModel Model(RequestFields fields, ServedModels models) =>
        models.Language(fields.Text("model") ?? throw ApiException.Invalid("`model` is needed", "model"));

    /// <summary>Checks that a prompt and its answer fit the context.</summary>
    /// <param name="asked">Longest answer, in tokens; null for all the room there is, up to <paramref name="usual"/>.</param>
    /// <returns>Longest answer, in tokens.</returns>
    public static int Length(int prompt, long? asked, int usual, ServedModel model, string param)
    {
        // The last token of a text that is only scored is predicted, not read.
        long needed = asked == 0 ? prompt - 1 : prompt + (asked ?? 1);
        if (needed > model.Context)
            throw ApiException.Invalid($"this model's context is {model.Context} tokens, "
                + $"and the request needs {prompt} for the prompt and {asked ?? 1} for the answer", param, "context_length_exceeded");
        return (int)(asked ?? Math.Min(usual, model.Context - prompt));
    }

    /// <summary>Each field has its bound; this is the bound of all together.</summary>
    /// <exception cref="ApiException">The request asks for too much.</exception>
    public static void CheckWork(IReadOnlyList<GenerationRequest> requests, ServerLimits limits)
    {
        long sampled = requests.Sum(r => (long)r.Count * r.Options.MaxNewTokens!.Value), read = requests.Sum(r => (long)r.PromptIds.Length);
        if (sampled > limits.SampledTokens)
            throw ApiException.Invalid(FormattableString.Invariant(
                $"prompts x n x max_tokens is {sampled} tokens ({requests.Count} prompts, n {requests[0].Count}, ")
                + FormattableString.Invariant($"up to {requests.Max(r => r.Options.MaxNewTokens)} tokens each); ")
                + $"at most {limits.SampledTokens} are taken in one request: lower max_tokens or n, or ask in several",
                "max_tokens", "request_too_large");
        if (read > limits.PromptTokens)
            throw ApiException.Invalid($"the prompts have {read} tokens together, at most {limits.PromptTokens} are taken in one request",
                "prompt", "request_too_large");
    }

    private static bool StreamsUsageOf(RequestFields fields, bool streams)
    {
        const string Name = "stream_options", Usage = "include_usage", Obfuscation = "include_obfuscation";
        if (fields.Inner(Name) is not { } inner) return false;
        if (!streams) throw ApiException.Invalid($"`{Name}` needs `stream` to be true", Name);
        bool usage = inner.Flag(Usage) ?? false;
        inner.Off(Obfuscation, v => v.ValueKind == JsonValueKind.False);
        inner.End();
        return usage;
    }

    private static Dictionary<int, double> Biases(RequestFields fields, ServedModel model)
    {
        const string Name = "logit_bias";
        Dictionary<int, double> biases = [];
        if (fields.Get(Name) is not { } given) return biases;
        if (given.ValueKind != JsonValueKind.Object) throw RequestFields.Wrong(Name, "an object of token ids and numbers");
        foreach (JsonProperty bias in given.EnumerateObject())
        {
            if (biases.Count == MostBiases) throw RequestFields.Wrong(Name, $"at most {MostBiases} tokens");
            if (!int.TryParse(bias.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) || id >= model.Vocabulary)
                throw RequestFields.Wrong(Name, $"an object whose names are token ids from 0 to {model.Vocabulary - 1}");
            bool isNumber = bias.Value.ValueKind == JsonValueKind.Number;
            biases[id] = isNumber && bias.Value.TryGetDouble(out double value) && value is >= -100 and <= 100
                ? value
                : throw RequestFields.Wrong(Name, "an object whose values are numbers from -100 to 100");
        }
        return biases;
    }
}
