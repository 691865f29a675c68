using System.Text.Json;

namespace Hone.Models;

/// <summary>
/// Rotary settings of <c>config.json</c> in the spellings in use: <c>rope_scaling</c> with <c>type</c> (transformers before
/// 4.43), with <c>rope_type</c> (4.43 on), and <c>rope_parameters</c>, which holds <c>rope_theta</c> too and may have one
/// object per type of layer (5).
/// </summary>
internal static class RopeFields
{
    /// <summary>The rotary embedding of a family whose heads rotate whole.</summary>
    /// <param name="layers">The type of layer whose object is meant, where the family may have one object per type.</param>
    public static Rope Read(ConfigFields fields, double defaultTheta, int maxPositions, string? layers = null)
    {
        Rope rope = ReadBoth(fields, defaultTheta, maxPositions, partialHeadDim: null, layers);
        return rope.RotaryFraction == 1
            ? rope
            : throw fields.Error("partial_rotary_factor", $"is {rope.RotaryFraction}, which Hone does not support in this family (only 1)");
    }

    /// <summary>That of Phi-3: heads may rotate in part, and scaling is longrope, whose old names are su and yarn.</summary>
    public static Rope ReadPartial(ConfigFields fields, double defaultTheta, int maxPositions, int headDim)
    {
        Rope rope = ReadBoth(fields, defaultTheta, maxPositions, headDim, layers: null);
        if (rope.Dimensions(headDim) is var turning && (turning < 2 || turning % 2 != 0))
            throw fields.Error("partial_rotary_factor",
                $"is {rope.RotaryFraction}, which turns {turning} of {headDim} dimensions: no even number above 0");
        return rope;
    }

    /// <summary>The embedding of one type of layer in <c>rope_parameters</c>; null where the file does not have it by type.</summary>
    public static Rope? ReadOfLayers(ConfigFields fields, string layerType, double defaultTheta, int maxPositions) =>
        fields.Child("rope_parameters")?.Child(layerType) is { } own
            ? new Rope { Theta = Theta(own) ?? defaultTheta, Scaling = ReadScaling(own, fields, maxPositions, null) }
            : null;

    /// <summary>Writes <c>rope_theta</c> and <c>rope_scaling</c>.</summary>
    public static void Write(Utf8JsonWriter json, Rope rope)
    {
        json.WriteNumber("rope_theta", rope.Theta);
        if (rope.Scaling is not { } s)
        {
            json.WriteNull("rope_scaling");
            return;
        }
        json.WriteStartObject("rope_scaling");
        json.WriteString("rope_type", s.Type);
        if (s.Factor > 0) json.WriteNumber("factor", s.Factor);
        if (s.Type is "llama3" or "yarn" or "dynamic" or "longrope")
            json.WriteNumber("original_max_position_embeddings", s.OriginalMaxPositions);
        if (s.Type == "llama3")
        {
            json.WriteNumber("high_freq_factor", s.HighFrequencyFactor);
            json.WriteNumber("low_freq_factor", s.LowFrequencyFactor);
        }
        if (s.Type == "yarn")
        {
            json.WriteNumber("beta_fast", s.BetaFast);
            json.WriteNumber("beta_slow", s.BetaSlow);
            if (!s.Truncate) json.WriteBoolean("truncate", false);
        }
        if (s.AttentionFactor is { } attention) json.WriteNumber("attention_factor", attention);
        WriteList(json, "short_factor", s.ShortFactor);
        WriteList(json, "long_factor", s.LongFactor);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string key, IReadOnlyList<double>? values)
    {
        if (values is null) return;
        json.WriteStartArray(key);
        foreach (double value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static Rope ReadBoth(ConfigFields fields, double defaultTheta, int maxPositions, int? partialHeadDim, string? layers)
    {
        ConfigFields? scaling = fields.Child("rope_scaling"), parameters = fields.Child("rope_parameters");
        if (layers is not null && parameters?.Child(layers) is { } own) parameters = own;
        double? theta = Theta(fields), inner = parameters is null ? null : Theta(parameters);
        if (theta is { } a && inner is { } b && a != b) throw fields.Error("rope_theta", $"is {a}, but rope_parameters.rope_theta is {b}");
        double? outerPart = Partial(fields), innerPart = parameters is null ? null : Partial(parameters);
        if (outerPart is { } o && innerPart is { } i && o != i)
            throw fields.Error("partial_rotary_factor", $"is {o}, but rope_parameters.partial_rotary_factor is {i}");

        int? half = partialHeadDim is { } headDim ? (int)(headDim * (innerPart ?? outerPart ?? 1)) / 2 : null;
        RopeScaling? old = scaling is null ? null : ReadScaling(scaling, fields, maxPositions, half);
        RopeScaling? current = parameters is null ? null : ReadScaling(parameters, fields, maxPositions, half);
        if (scaling is not null && parameters is not null && old != current)
            throw fields.Error("rope_scaling", "and rope_parameters differ");
        return new Rope
        {
            Theta = inner ?? theta ?? defaultTheta,
            RotaryFraction = innerPart ?? outerPart ?? 1,
            Scaling = parameters is null ? old : current,
        };
    }

    private static double? Theta(ConfigFields fields) => fields.Has("rope_theta") ? fields.Number("rope_theta", 1e-3, 1e12) : null;

    private static double? Partial(ConfigFields fields) =>
        fields.Has("partial_rotary_factor") ? fields.Number("partial_rotary_factor", 0, 1) : null;

    /// <param name="fields">The object that holds the scaling.</param>
    /// <param name="root">The whole file: Phi-3 has the original length there.</param>
    /// <param name="longHalf">Length of longrope's lists; null where the family has none.</param>
    private static RopeScaling? ReadScaling(ConfigFields fields, ConfigFields root, int maxPositions, int? longHalf)
    {
        string? type = fields.Text("rope_type"), legacy = fields.Text("type");
        if (type is not null && legacy is not null && type != legacy) throw fields.Error("rope_type", $"is {type}, but type is {legacy}");
        foreach (string key in fields.Keys)
        {
            if (fields.TryGet(key, out JsonElement value) && value.ValueKind is JsonValueKind.Object)
                throw fields.Error(key, "sets rotary embeddings per layer type, which Hone does not support in this family");
        }
        string? name = type ?? legacy;
        if (longHalf is { } half && name is "longrope" or "su" or "yarn")
            return ReadLong(fields, root, maxPositions, half);
        int original = fields.Int("original_max_position_embeddings", 1, 1 << 27, maxPositions);
        return name switch
        {
            "default" => null,
            null when !fields.Has("factor") => null,
            null => throw fields.Error("rope_type", "is missing"),
            "linear" or "dynamic" => new RopeScaling(name, Factor(fields), OriginalMaxPositions: original),
            "llama3" => ReadLlama3(fields),
            "yarn" => ReadYarn(fields, original),
            var other => throw fields.Error("rope_type",
                $"is {other}; Hone knows default, linear, dynamic, llama3, yarn and, in Phi-3, longrope"),
        };
    }

    private static RopeScaling ReadLlama3(ConfigFields fields)
    {
        double low = fields.Number("low_freq_factor", 1e-3, 1e6), high = fields.Number("high_freq_factor", 1e-3, 1e6);
        if (low >= high) throw fields.Error("high_freq_factor", $"is {high}, not above low_freq_factor {low}");
        return new RopeScaling("llama3", Factor(fields), low, high, fields.Int("original_max_position_embeddings", 1, 1 << 27));
    }

    private static RopeScaling ReadYarn(ConfigFields fields, int original)
    {
        foreach (string key in (string[])["mscale", "mscale_all_dim"])
        {
            if (fields.Has(key))
                throw fields.Error(key, "is a variant of yarn that Hone does not support", "Such files belong to DeepSeek models.");
        }
        double fast = fields.Number("beta_fast", 1e-3, 1e6, 32), slow = fields.Number("beta_slow", 1e-3, 1e6, 1);
        if (slow >= fast) throw fields.Error("beta_fast", $"is {fast}, not above beta_slow {slow}");
        return new RopeScaling("yarn", Factor(fields), OriginalMaxPositions: original)
        {
            BetaFast = fast,
            BetaSlow = slow,
            Truncate = fields.Flag("truncate", true),
            AttentionFactor = AttentionFactor(fields),
        };
    }

    private static RopeScaling ReadLong(ConfigFields fields, ConfigFields root, int maxPositions, int half)
    {
        int? inside = fields.Has("original_max_position_embeddings") ? fields.Int("original_max_position_embeddings", 2, 1 << 27) : null;
        int? outside = root.Has("original_max_position_embeddings") ? root.Int("original_max_position_embeddings", 2, 1 << 27) : null;
        if (inside is { } a && outside is { } b && a != b)
            throw fields.Error("original_max_position_embeddings", $"is {a}, but outside of the rotary settings it is {b}");
        // With an original length the factor follows from the lengths, whatever the file says of it.
        int? original = inside ?? outside;
        return new RopeScaling(
            "longrope", original is null ? fields.Number("factor", 1, 1e6, 1) : 0, OriginalMaxPositions: original ?? maxPositions)
        {
            AttentionFactor = AttentionFactor(fields),
            ShortFactor = Factors(fields, "short_factor", half),
            LongFactor = Factors(fields, "long_factor", half),
        };
    }

    private static double[] Factors(ConfigFields fields, string key, int half)
    {
        if (!fields.TryGet(key, out JsonElement list)) throw fields.Error(key, "is missing");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != half)
            throw fields.Error(key, $"is {ConfigFields.Short(list)}, not a list of {half} numbers (half of what rotates)");
        return [.. list.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.Number && e.GetDouble() is > 1e-6 and < 1e6 and var factor
            ? factor
            : throw fields.Error(key, $"holds {ConfigFields.Short(e)}, which is no factor"))];
    }

    private static double? AttentionFactor(ConfigFields fields) =>
        fields.Has("attention_factor") ? fields.Number("attention_factor", 1e-6, 1e6) : null;

    private static double Factor(ConfigFields fields) => fields.Number("factor", 1, 1e6);
}
