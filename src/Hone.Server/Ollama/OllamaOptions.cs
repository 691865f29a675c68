using System.Text.Json;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// What Ollama's routes have in common in a request: <c>model</c>, <c>options</c>, <c>stream</c>. Defaults of sampling are Ollama's:
/// temperature 0.8, top_k 40, top_p 0.9.
/// </summary>
/// <param name="Sampling">Options without the answer's length.</param>
/// <param name="Longest">Longest answer, in tokens; null for all the room there is.</param>
internal sealed record OllamaOptions(ServedModel Model, SamplingOptions Sampling, long? Longest, bool Streams)
{
    /// <summary>How Ollama's own engine is set up; here it changes nothing.</summary>
    private static readonly string[] s_ignored =
        ["num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep", "use_mmap", "use_mlock", "numa", "low_vram", "f16_kv"];

    public static OllamaOptions Read(RequestFields fields, ServedModels models)
    {
        string name = fields.Text("model") ?? throw ApiException.Invalid("`model` is needed", "model");
        const string Latest = ":latest"; // Ollama's clients put it behind a name without a tag
        if (name.EndsWith(Latest, StringComparison.Ordinal) && !models.All.Any(m => m.Name == name)) name = name[..^Latest.Length];
        ServedModel model = models.Language(name);
        _ = fields.Get("keep_alive");
        OutputConstraint? format = AnswerFormat.ReadOllama(fields);
        fields.Off("think", v => v.ValueKind == JsonValueKind.False);
        bool streams = fields.Flag("stream") ?? true;
        RequestFields? options = fields.Inner("options");
        double Number(string field, double least, double most, double usual) => options?.Number(field, least, most) ?? usual;
        foreach (string ignored in s_ignored) options?.Get(ignored);
        options?.Off("mirostat", v => v.ValueKind == JsonValueKind.Number && v.GetDouble() == 0);
        double temperature = Number("temperature", 0, 2, 0.8);
        long longest = options?.Whole("num_predict", -2, int.MaxValue) ?? -1;
        var sampling = new SamplingOptions
        {
            DoSample = temperature > 0,
            Temperature = temperature > 0 ? temperature : 1,
            TopK = (int)(options?.Whole("top_k", 0, int.MaxValue) ?? 40),
            TopP = Number("top_p", 0, 1, 0.9),
            MinP = Number("min_p", 0, 1, 0),
            TypicalP = Number("typical_p", 1e-9, 1, 1),
            RepetitionPenalty = Number("repeat_penalty", 1e-3, 1e3, 1),
            FrequencyPenalty = Number("frequency_penalty", -2, 2, 0),
            PresencePenalty = Number("presence_penalty", -2, 2, 0),
            Seed = unchecked((ulong)(options?.Whole("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64())),
            StopStrings = options?.Stops("stop") ?? [],
            Constraint = format,
        };
        options?.End();
        return new OllamaOptions(model, sampling, longest <= 0 ? null : longest, streams);
    }
}
