using System.Text.Json;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// How answers are sampled, as both routes take it. The defaults are OpenAI's; <c>top_k</c>, <c>min_p</c> and <c>repetition_penalty</c> are
/// vLLM's.
/// </summary>
/// <param name="Sampling">Options without the answer's length.</param>
/// <param name="Count">Answers per prompt.</param>
internal sealed record AnswerSettings(SamplingOptions Sampling, int Count)
{
    public const int MostAnswers = 128, MostLogProbs = 20;

    public static AnswerSettings Read(RequestFields fields)
    {
        static bool Zero(JsonElement v) => v.ValueKind == JsonValueKind.Number && v.GetDouble() == 0;
        static bool False(JsonElement v) => v.ValueKind == JsonValueKind.False;
        static bool Nothing(JsonElement v) => v.ValueKind == JsonValueKind.Object && !v.EnumerateObject().Any();
        fields.Off("stream", False);
        fields.Off("stream_options", _ => false);
        fields.Off("frequency_penalty", Zero);
        fields.Off("presence_penalty", Zero);
        fields.Off("logit_bias", Nothing);
        double temperature = fields.Number("temperature", 0, 2) ?? 1;
        var sampling = new SamplingOptions
        {
            DoSample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopP = fields.Number("top_p", 0, 1) ?? 1,
            TopK = (int)Math.Max(0, fields.Whole("top_k", -1, int.MaxValue) ?? 0), // vLLM's -1 is off, too
            MinP = fields.Number("min_p", 0, 1) ?? 0,
            RepetitionPenalty = fields.Number("repetition_penalty", 1e-3, 1e3) ?? 1,
            Seed = unchecked((ulong)(fields.Whole("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64())),
            StopStrings = fields.Stops(),
        };
        return new AnswerSettings(sampling, (int)(fields.Whole("n", 1, MostAnswers) ?? 1));
    }

    /// <summary>The request's model must be the one that is served.</summary>
    public static void RequireModel(RequestFields fields, ServedModel model)
    {
        string name = fields.Text("model") ?? throw ApiException.Invalid("`model` is needed", "model");
        if (name != model.Name) throw NoSuchModel(name, model);
    }

    public static ApiException NoSuchModel(string name, ServedModel model) =>
        new(404, $"the model `{name}` does not exist; `{model.Name}` is served", "model", "model_not_found");

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
}
