using System.Text.Json;
using Hone.Models;

namespace Hone.Inference;

/// <summary>The fields of one <c>generation_config.json</c> with their types checked; null counts as absent, as in transformers.</summary>
internal sealed class GenerationFields
{
    // Fields that choose another decoding method or change the logits in a way Hone does not, each with its neutral values.
    private static readonly Dictionary<string, string[]> s_otherMethods = new()
    {
        ["num_beam_groups"] = ["1"],
        ["penalty_alpha"] = ["0", "0.0"],
        ["dola_layers"] = [],
        ["epsilon_cutoff"] = ["0", "0.0"],
        ["eta_cutoff"] = ["0", "0.0"],
        ["top_h"] = ["1", "1.0"],
        ["encoder_repetition_penalty"] = ["1", "1.0"],
        ["no_repeat_ngram_size"] = ["0"],
        ["bad_words_ids"] = ["[]"],
        ["force_words_ids"] = ["[]"],
        ["constraints"] = ["[]"],
        ["forced_bos_token_id"] = [],
        ["forced_eos_token_id"] = [],
        ["forced_decoder_ids"] = ["[]"],
        ["exponential_decay_length_penalty"] = [],
        ["suppress_tokens"] = ["[]"],
        ["begin_suppress_tokens"] = ["[]"],
        ["sequence_bias"] = ["{}", "[]"],
        ["token_healing"] = ["false"],
        ["guidance_scale"] = ["1", "1.0"],
        ["watermarking_config"] = [],
        ["min_length"] = ["0"],
        ["min_new_tokens"] = ["0"],
        ["max_time"] = [],
    };

    private static readonly HashSet<string> s_used =
    [
        "do_sample", "temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "max_new_tokens", "max_length",
        "stop_strings", "num_return_sequences", "eos_token_id", "bos_token_id", "pad_token_id",
        "num_beams", "length_penalty", "early_stopping", "renormalize_logits",
    ];

    // Known, and without effect on greedy decoding or sampling of a decoder-only model.
    private static readonly HashSet<string> s_withoutEffect =
    [
        "_from_model_config", "transformers_version", "_commit_hash", "_original_object_hash",
        "diversity_penalty", "remove_invalid_values", "use_cache", "cache_implementation", "cache_config",
        "return_legacy_cache", "prefill_chunk_size", "compile_config", "disable_compile", "low_memory", "output_attentions",
        "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate", "decoder_start_token_id",
        "encoder_no_repeat_ngram_size", "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule",
        "assistant_confidence_threshold", "assistant_early_exit", "assistant_lookbehind", "target_lookbehind",
        "prompt_lookup_num_tokens", "max_matching_ngram_size", "generation_kwargs",
    ];

    private readonly Dictionary<string, JsonElement> _fields = [];
    private readonly string _path;

    public GenerationFields(JsonElement root, string path)
    {
        _path = path;
        if (root.ValueKind != JsonValueKind.Object)
            throw new InputException(
                $"must be a JSON object, is {Kind(root)}", path, "Restore the file, or delete it to use the defaults.");
        foreach (JsonProperty field in root.EnumerateObject())
            if (field.Value.ValueKind != JsonValueKind.Null) _fields[field.Name] = field.Value;
    }

    /// <exception cref="InputException">A field asks for a decoding method that Hone does not have.</exception>
    public void RefuseOtherMethods()
    {
        foreach ((string name, string[] neutral) in s_otherMethods)
        {
            if (!_fields.TryGetValue(name, out JsonElement value)) continue;
            string text = value.GetRawText();
            if (!neutral.Contains(string.Concat(text.Where(c => !char.IsWhiteSpace(c)))))
                throw new InputException($"{name} is {text}: Hone does not have this way of decoding, and its answers would differ", _path,
                    $"Remove {name} from the file to generate without it.");
        }
    }

    public IReadOnlyList<string> Unknown() =>
        [.. _fields.Keys.Where(name => !s_used.Contains(name) && !s_withoutEffect.Contains(name) && !s_otherMethods.ContainsKey(name))
            .Select(Excerpt.Of)];

    public bool? Bool(string name) => !_fields.TryGetValue(name, out JsonElement value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, value, "true or false"),
    };

    public double? Number(string name) => !_fields.TryGetValue(name, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Wrong(name, value, "a number");

    public int? Int(string name) => _fields.TryGetValue(name, out JsonElement value) ? ToInt(name, value) : null;

    /// <summary>true, false or "never".</summary>
    public BeamStopping BeamStopping(string name) => !_fields.TryGetValue(name, out JsonElement value) ? Inference.BeamStopping.Heuristic
        : value.ValueKind switch
        {
            JsonValueKind.True => Inference.BeamStopping.AtOnce,
            JsonValueKind.False => Inference.BeamStopping.Heuristic,
            JsonValueKind.String when value.ValueEquals("never") => Inference.BeamStopping.Never,
            _ => throw Wrong(name, value, "true, false or \"never\""),
        };

    /// <summary>An id or a list of ids.</summary>
    public IReadOnlyList<int> Ids(string name) => !_fields.TryGetValue(name, out JsonElement value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(id => ToInt(name, id))] : [ToInt(name, value)];

    /// <summary>A string or a list of strings.</summary>
    public IReadOnlyList<string> Strings(string name)
    {
        if (!_fields.TryGetValue(name, out JsonElement value)) return [];
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return [.. items.Select(item => item.ValueKind == JsonValueKind.String
            ? item.GetString()!
            : throw Wrong(name, item, "a string or a list of strings"))];
    }

    private int ToInt(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Wrong(name, value, "a whole number");

    private InputException Wrong(string name, JsonElement value, string wanted) =>
        new($"{name} must be {wanted}, is {Kind(value)}", _path, "Correct the value in the file.");

    private static string Kind(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "...";
    }
}
