using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): Llama with biases on q, k and v, which no field states.</summary>
internal sealed class Qwen2 : Architecture
{
    public override string ModelType => "qwen2";

    public override string CausalModel => "Qwen2ForCausalLM";

    public override ConfigDefaults Defaults => new() { KeyValueHeads = 32, MaxPositions = 32768, BosId = null, EosId = null };

    public override GgufForm Gguf => new("qwen2");

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        // Some files state the biases that the class has in any case.
        fields.Ignore("attention_bias");
        return WindowFields.ReadUpperLayers(fields, common) with { QueryKeyValueBias = true };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        WindowFields.WriteUpperLayers(json, config);
    }
}
