using System.Text.Json;

namespace Hone.Models;

/// <summary>
/// Rotary settings of <c>config.json</c> in the three spellings in use: <c>rope_scaling</c> with <c>type</c> (transformers
/// before 4.43), with <c>rope_type</c> (4.43 on), and <c>rope_parameters</c>, which holds <c>rope_theta</c> too (5).
/// </summary>
internal static class RopeFields
{
    public static (double Theta, RopeScaling? Scaling) Read(ConfigFields fields, int maxPositions)
    {
        ConfigFields? scaling = fields.Child("rope_scaling");
        ConfigFields? parameters = fields.Child("rope_parameters");
        double? theta = Theta(fields);
        double? inner = parameters is null ? null : Theta(parameters);
        if (theta is { } a && inner is { } b && a != b) throw fields.Error("rope_theta", $"is {a}, but rope_parameters.rope_theta is {b}");

        RopeScaling? old = scaling is null ? null : ReadScaling(scaling, maxPositions);
        RopeScaling? current = parameters is null ? null : ReadScaling(parameters, maxPositions);
        if (scaling is not null && parameters is not null && old != current)
            throw fields.Error("rope_scaling", "and rope_parameters differ");
        return (inner ?? theta ?? 10000, parameters is null ? old : current);
    }

    private static double? Theta(ConfigFields fields) => fields.Has("rope_theta") ? fields.Number("rope_theta", 1e-3, 1e12) : null;

    private static RopeScaling? ReadScaling(ConfigFields fields, int maxPositions)
    {
        string? type = fields.Text("rope_type"), legacy = fields.Text("type");
        if (type is not null && legacy is not null && type != legacy) throw fields.Error("rope_type", $"is {type}, but type is {legacy}");
        foreach (string key in fields.Keys)
        {
            if (fields.TryGet(key, out JsonElement value) && value.ValueKind is JsonValueKind.Object)
                throw fields.Error(key, "sets rotary embeddings per layer type, which Hone does not support");
        }

        double partial = fields.Number("partial_rotary_factor", 0, 1, 1);
        if (partial != 1) throw fields.Error("partial_rotary_factor", $"is {partial}, which Hone does not support (only 1)");
        return (type ?? legacy) switch
        {
            "default" => null,
            null when !fields.Has("factor") => null,
            null => throw fields.Error("rope_type", "is missing"),
            "linear" or "dynamic" => new RopeScaling(
                type ?? legacy!, Factor(fields), OriginalMaxPositions: fields.Int("original_max_position_embeddings", 1, 1 << 27, maxPositions)),
            "llama3" => ReadLlama3(fields),
            var other => throw fields.Error("rope_type", $"is {other}; Hone knows default, linear, dynamic and llama3"),
        };
    }

    private static RopeScaling ReadLlama3(ConfigFields fields)
    {
        double low = fields.Number("low_freq_factor", 1e-3, 1e6), high = fields.Number("high_freq_factor", 1e-3, 1e6);
        if (low >= high) throw fields.Error("high_freq_factor", $"is {high}, not above low_freq_factor {low}");
        return new RopeScaling("llama3", Factor(fields), low, high, fields.Int("original_max_position_embeddings", 1, 1 << 27));
    }

    private static double Factor(ConfigFields fields) => fields.Number("factor", 1, 1e6);
}
