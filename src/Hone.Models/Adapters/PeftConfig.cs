using System.Text.Json;
using Hone.Data;

namespace Hone.Models;

/// <summary>
/// <c>adapter_config.json</c> of a PEFT folder. What would change the computation and is not implemented is refused by name.
/// </summary>
/// <param name="Options">The adapter's own settings; the ranks of single matrices are seen in their shapes.</param>
/// <param name="BaseModel">What the file says of the base: a folder, or an id of a hub.</param>
/// <param name="IsRewardModel">Whether the adapted model has a score head in place of the vocabulary's.</param>
/// <param name="SavedModules">Modules that are trained whole and stored with the adapter.</param>
/// <param name="Alphas">Alpha of single matrices, by the end of their names.</param>
public sealed record PeftConfig(
    LoraOptions Options, string BaseModel, bool IsRewardModel, IReadOnlyList<string> SavedModules,
    IReadOnlyDictionary<string, double> Alphas)
{
    public const string FileName = "adapter_config.json";

    // They mean nothing once an adapter is trained, or say how it was made.
    private static readonly string[] s_ignored =
    [
        "auto_mapping", "revision", "inference_mode", "exclude_modules", "layers_to_transform", "layers_pattern", "rank_pattern",
        "megatron_config", "megatron_core", "loftq_config", "eva_config", "corda_config", "runtime_config", "qalora_group_size",
        "peft_version", "ensure_weight_tying", "lora_ga_config",
    ];

    /// <summary>Whether a folder holds an adapter.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <exception cref="InputException">A field is wrong, or asks for what Hone does not compute.</exception>
    public static PeftConfig Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        var fields = new ConfigFields(JsonFile.ReadObject(path), path);
        fields.Require("peft_type", "LORA");
        fields.Require("bias", "none");
        foreach (string key in s_ignored) fields.Ignore(key);
        // These change the base's weights when the adapter is made, so that it fits no base as stored.
        if (fields.TryGet("init_lora_weights", out JsonElement init) && init.ValueKind == JsonValueKind.String
            && init.GetString() is not ("gaussian" or "orthogonal" or "eva"))
            throw fields.Error("init_lora_weights", $"is {ConfigFields.Short(init)}, which changes the base model's own weights");
        string? task = fields.Text("task_type");
        if (task is not (null or "CAUSAL_LM" or "SEQ_CLS"))
            throw fields.Error("task_type", $"is {Excerpt.Of(task)}; Hone reads CAUSAL_LM and SEQ_CLS");
        var options = new LoraOptions
        {
            Rank = fields.Int("r", 1, 1 << 14),
            Alpha = fields.Number("lora_alpha", -1e6, 1e6),
            Dropout = fields.Number("lora_dropout", 0, 1, 0),
            RankStabilised = fields.Flag("use_rslora", false),
            Targets = Names(fields, "target_modules"),
        };
        var config = new PeftConfig(options, fields.Text("base_model_name_or_path") ?? throw fields.Error("base_model_name_or_path",
            "is missing"), task == "SEQ_CLS", Names(fields, "modules_to_save"), Numbers(fields, "alpha_pattern"));
        RefuseOthers(fields);
        return config;
    }

    /// <summary>Writes the file as PEFT does: keys in order, its defaults for what is not asked for.</summary>
    public void Write(string folder) => Durable.WriteFile(Path.Combine(folder, FileName), stream => JsonFile.Write(stream, json =>
    {
        void Empty(params string[] keys) => Array.ForEach(keys, json.WriteNull);
        void Object(string key)
        {
            json.WriteStartObject(key);
            json.WriteEndObject();
        }
        Object("alpha_pattern");
        Empty("auto_mapping");
        json.WriteString("base_model_name_or_path", BaseModel);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_lora_weights", true);
        Empty("layer_replication", "layers_pattern", "layers_to_transform");
        json.WriteNumber("lora_alpha", Options.Alpha);
        json.WriteBoolean("lora_bias", false);
        json.WriteNumber("lora_dropout", Options.Dropout);
        if (SavedModules.Count == 0) Empty("modules_to_save");
        else List(json, "modules_to_save", SavedModules);
        json.WriteString("peft_type", "LORA");
        json.WriteNumber("r", Options.Rank);
        Object("rank_pattern");
        Empty("revision");
        List(json, "target_modules", Options.Targets);
        json.WriteString("task_type", IsRewardModel ? "SEQ_CLS" : "CAUSAL_LM");
        json.WriteBoolean("use_dora", false);
        json.WriteBoolean("use_rslora", Options.RankStabilised);
    }));

    /// <summary>What a matrix's product is multiplied by.</summary>
    internal double ScaleOf(string projection, long rank)
    {
        string? own = Alphas.Keys.FirstOrDefault(key => projection == key || projection.EndsWith("." + key, StringComparison.Ordinal));
        return Options.ScaleOf(own is null ? Options.Alpha : Alphas[own], rank);
    }

    private static void List(Utf8JsonWriter json, string key, IReadOnlyList<string> values)
    {
        json.WriteStartArray(key);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static string[] Names(ConfigFields fields, string key)
    {
        if (!fields.TryGet(key, out JsonElement value)) return [];
        if (value.ValueKind == JsonValueKind.String) return [value.GetString()!]; // a pattern, or all-linear
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(e => e.ValueKind != JsonValueKind.String))
            throw fields.Error(key, $"is {ConfigFields.Short(value)}, which is no list of names");
        return [.. value.EnumerateArray().Select(e => e.GetString()!)];
    }

    private static Dictionary<string, double> Numbers(ConfigFields fields, string key)
    {
        if (!fields.TryGet(key, out JsonElement value)) return [];
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.Number))
            throw fields.Error(key, $"is {ConfigFields.Short(value)}, which are no numbers by name");
        if (value.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => n.Any("^$*+?()[]{}|\\".Contains)) is { } pattern)
            throw fields.Error(key, $"names matrices by the pattern {Excerpt.Of(pattern)}; Hone reads plain names");
        return value.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
    }

    // A key that asks for nothing may be unknown; any other might change the computation.
    private static void RefuseOthers(ConfigFields fields)
    {
        foreach (string key in fields.Keys.Where(k => !fields.IsTaken(k)))
        {
            if (!fields.TryGet(key, out JsonElement value)) continue;
            bool asks = value.ValueKind switch
            {
                JsonValueKind.False => false,
                JsonValueKind.Object => value.EnumerateObject().Any(),
                JsonValueKind.Array => value.GetArrayLength() > 0,
                _ => true,
            };
            if (asks) throw fields.Error(key, $"is {ConfigFields.Short(value)}, which Hone does not support");
        }
    }
}
