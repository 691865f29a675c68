using Hone.Data;
using System.Text.Json;

namespace Hone.Inference;

/// <summary>
/// A model folder's <c>generation_config.json</c>, read as transformers' <c>generate</c> reads it: what the file leaves out
/// has transformers' default (greedy, and top_k 50 once sampling is on).
/// </summary>
public sealed record GenerationConfig
{
    public const string FileName = "generation_config.json";

    private const int DefaultTopK = 50;

    /// <summary>The file's settings of how tokens are chosen and how long answers get.</summary>
    public SamplingOptions Options { get; init; } = new() { TopK = DefaultTopK };

    /// <summary>Answers per prompt (<c>num_return_sequences</c>).</summary>
    public int AnswerCount { get; init; } = 1;

    /// <summary>Ids of <c>eos_token_id</c>; often not all that end an answer, see <see cref="StopRules"/>.</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    public int? BosId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Fields of the file that this version of Hone does not know, and so ignores.</summary>
    public IReadOnlyList<string> UnknownFields { get; init; } = [];

    /// <summary>Reads the folder's file; a folder without one has the defaults.</summary>
    /// <exception cref="InputException">
    /// The file is not a JSON object, a value has the wrong type or range, or asks for a method that Hone does not have.
    /// </exception>
    public static GenerationConfig Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return new GenerationConfig();
        try
        {
            using JsonDocument document = JsonDocument.Parse(SmallText.Read(path));
            return Parse(document.RootElement, path);
        }
        catch (JsonException e)
        {
            throw new InputException($"not valid JSON: {e.Message}", path, "Restore the file, or delete it to use the defaults.", e);
        }
    }

    private static GenerationConfig Parse(JsonElement root, string path)
    {
        GenerationFields fields = new(root, path);
        fields.RefuseOtherMethods();
        var config = new GenerationConfig
        {
            Options = new SamplingOptions
            {
                DoSample = fields.Bool("do_sample") ?? false,
                Temperature = fields.Number("temperature") ?? 1,
                TopK = fields.Int("top_k") ?? DefaultTopK,
                TopP = fields.Number("top_p") ?? 1,
                MinP = fields.Number("min_p") ?? 0,
                TypicalP = fields.Number("typical_p") ?? 1,
                RepetitionPenalty = fields.Number("repetition_penalty") ?? 1,
                MaxNewTokens = fields.Int("max_new_tokens"),
                MaxLength = fields.Int("max_length"),
                StopStrings = fields.Strings("stop_strings"),
                Beams = fields.Int("num_beams") ?? 1,
                RenormalizeLogits = fields.Bool("renormalize_logits") ?? false,
                LengthPenalty = fields.Number("length_penalty") ?? 1,
                EarlyStopping = fields.BeamStopping("early_stopping"),
            },
            AnswerCount = fields.Int("num_return_sequences") ?? 1,
            EosIds = fields.Ids("eos_token_id"),
            BosId = fields.Int("bos_token_id"),
            PadId = fields.Int("pad_token_id"),
            UnknownFields = fields.Unknown(),
        };
        config.Options.Validate(path);
        return config;
    }
}
