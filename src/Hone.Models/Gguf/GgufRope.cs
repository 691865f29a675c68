using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>Rotary settings in GGUF: keys under <c>rope.</c>, and tensors where frequencies have factors of their own.</summary>
internal static class GgufRope
{
    // Llama-3.1 to 3.3; the factors in the file show whether it is they.
    private const double Low = 1, High = 4;
    private const int Original = 8192;

    public static void Write(TransformerConfig config, GgufForm form, GgufKeys keys, Action<string> warn)
    {
        Rope rope = config.Rope;
        keys.Add("rope.freq_base", (float)rope.Theta);
        if (config.WindowRope is { } local) keys.Add("rope.freq_base_swa", (float)local.Theta);
        if (rope.Scaling is not { } s) return;
        switch (s.Type)
        {
            case "linear":
                keys.Add("rope.scaling.type", "linear");
                keys.Add("rope.scaling.factor", (float)s.Factor);
                break;
            case "yarn" when s.Truncate:
                keys.Add("rope.scaling.type", "yarn");
                keys.Add("rope.scaling.factor", (float)s.Factor);
                keys.Add("rope.scaling.original_context_length", (uint)s.OriginalMaxPositions);
                if (s.BetaFast != 32) keys.Add("rope.scaling.yarn_beta_fast", (float)s.BetaFast);
                if (s.BetaSlow != 1) keys.Add("rope.scaling.yarn_beta_slow", (float)s.BetaSlow);
                // llama.cpp takes yarn_attn_factor from elsewhere, but multiplies the paper's factor with this one.
                if (s.AttentionFactor is { } factor) keys.Add("rope.scaling.attn_factor", (float)(factor / Paper(s.Factor)));
                break;
            case "longrope":
                keys.Add("rope.scaling.attn_factor", (float)rope.Magnitude(config.MaxPositions));
                break;
            case "dynamic":
                warn($"dynamic rope scaling has no place in GGUF: answers are the same up to {config.MaxPositions} tokens");
                break;
            case "llama3" when form.FrequencyFactors:
                break;
            default:
                string what = s.Truncate ? s.Type : $"{s.Type} with truncate: false";
                throw new InputException($"rope scaling {what} cannot be expressed in GGUF for the architecture {form.Name}.");
        }
    }

    /// <summary>Tensors of frequency factors.</summary>
    public static IEnumerable<GgufTensor> Tensors(TransformerConfig config)
    {
        if (config.Rope.Scaling is not { } s) return [];
        if (s.Type == "longrope") return [Of(GgufNames.LongFactors, s.LongFactor!), Of(GgufNames.ShortFactors, s.ShortFactor!)];
        return s.Type == "llama3" ? [Of(GgufNames.Frequencies, Factors(config.Rope, config.HeadDim))] : [];
    }

    private static GgufTensor Of(string name, IReadOnlyList<double> factors) =>
        new(name, [factors.Count], GgufTensorType.F32, () => tensor(factors.Select(f => (float)f).ToArray()));

    /// <summary>Adds <c>rope_theta</c> and <c>rope_scaling</c> to a config.json.</summary>
    /// <param name="file">The file.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="json">What is added to.</param>
    /// <param name="headDim">Dimensions of a head.</param>
    /// <exception cref="InputException">A scaling that is not known.</exception>
    public static void Read(GgufFile file, GgufKeys keys, JsonObject json, int headDim)
    {
        double theta = keys.Number("rope.freq_base") ?? 10000;
        json["rope_theta"] = theta;
        double factor = keys.Number("rope.scaling.factor") ?? 1;
        double? attention = keys.Number("rope.scaling.attn_factor");
        json["rope_scaling"] = keys.Text("rope.scaling.type") switch
        {
            "linear" when factor != 1 => new JsonObject { ["rope_type"] = "linear", ["factor"] = factor },
            "yarn" => Yarn(keys, factor, attention),
            null or "none" or "linear" or "longrope" => file.Header.Entries.ContainsKey(GgufNames.LongFactors) ? Long(file, keys, attention)
                : file.Header.Entries.ContainsKey(GgufNames.Frequencies) ? Llama3(file, theta, headDim) : null,
            var other => throw new InputException($"rope.scaling.type is {Excerpt.Of(other)}, which is not supported.", file.Path),
        };
    }

    private static JsonObject Yarn(GgufKeys keys, double factor, double? attention)
    {
        JsonObject yarn = new() { ["rope_type"] = "yarn", ["factor"] = factor };
        if (keys.IntOrNull("rope.scaling.original_context_length") is { } original) yarn["original_max_position_embeddings"] = original;
        yarn["beta_fast"] = keys.Number("rope.scaling.yarn_beta_fast") ?? 32;
        yarn["beta_slow"] = keys.Number("rope.scaling.yarn_beta_slow") ?? 1;
        if (attention is { } part) yarn["attention_factor"] = Math.Round(part * Paper(factor), 6); // part has 24 bits
        else if (keys.Number("rope.scaling.yarn_attn_factor") is { } whole) yarn["attention_factor"] = whole;
        return yarn;
    }

    private static JsonObject Long(GgufFile file, GgufKeys keys, double? attention)
    {
        JsonObject scaling = new() { ["rope_type"] = "longrope" };
        Rope paper =
            new() { Scaling = new RopeScaling("longrope", 0, OriginalMaxPositions: keys.Int("rope.scaling.original_context_length")) };
        if (attention is { } magnitude && Math.Abs(magnitude - paper.Magnitude(keys.Int("context_length"))) > 1e-6)
            scaling["attention_factor"] = magnitude;
        scaling["long_factor"] = new JsonArray([.. Numbers(file, GgufNames.LongFactors).Select(f => JsonValue.Create(f))]);
        scaling["short_factor"] = new JsonArray([.. Numbers(file, GgufNames.ShortFactors).Select(f => JsonValue.Create(f))]);
        return scaling;
    }

    private static JsonObject Llama3(GgufFile file, double theta, int headDim)
    {
        double[] stored = Numbers(file, GgufNames.Frequencies);
        double factor = stored[^1];
        Rope rope = new() { Theta = theta, Scaling = new RopeScaling("llama3", factor, Low, High, Original) };
        double[] known = stored.Length == headDim / 2 && factor > 1 ? Factors(rope, headDim) : [];
        if (known.Length != stored.Length || known.Zip(stored).Any(p => Math.Abs(p.First - p.Second) > 1e-4 * p.First))
            throw new InputException(
                $"{GgufNames.Frequencies} holds other frequencies than those of Llama-3.1 to 3.3, which is not supported.", file.Path);
        return new()
        {
            ["rope_type"] = "llama3",
            ["factor"] = factor,
            ["low_freq_factor"] = Low,
            ["high_freq_factor"] = High,
            ["original_max_position_embeddings"] = Original,
        };
    }

    // What frequencies are divided by.
    private static double[] Factors(Rope rope, int headDim) =>
        [.. (rope with { Scaling = null }).InverseFrequencies(headDim, 0, 0).Zip(rope.InverseFrequencies(headDim, 0, 0),
            (plain, scaled) => plain / scaled)];

    private static double[] Numbers(GgufFile file, string name)
    {
        if (!file.Header.Entries.TryGetValue(name, out GgufEntry? entry) || entry.Shape.Count != 1 || entry.Shape[0] > 1 << 12)
            throw new InputException($"The file has no list {name} of a head's length.", file.Path);
        using Tensor numbers = file.Read(name, ScalarType.Float32, CPU);
        return [.. numbers.data<float>().Select(f =>
            double.Parse(f.ToString("R", null), System.Globalization.CultureInfo.InvariantCulture))];
    }

    private static double Paper(double factor) => 1 + (0.1 * Math.Log(factor));
}
