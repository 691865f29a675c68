using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>Mistral 7B v0.1 to v0.3 and Nemo (arXiv 2310.06825): Llama, in v0.1 with a sliding window in every layer.</summary>
internal sealed class Mistral : Architecture
{
    public override string ModelType => "mistral";

    public override string CausalModel => "MistralForCausalLM";

    public override ConfigDefaults Defaults => new() { KeyValueHeads = 8, MaxPositions = 131072 };

    // Its files cannot be told from Llama's, and are read as such.
    public override GgufForm Gguf => new("llama") { NeighbourPairs = true, OwnHeadDim = true };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        // A file without the field means the window of v0.1, null means none.
        int? window = WindowFields.Window(fields, otherwise: 4096);
        bool[] sliding = WindowFields.LayerTypes(fields, common) ?? [.. Enumerable.Repeat(window is not null, common.LayerCount)];
        if (sliding.Any(s => s != window is not null))
            throw fields.Error("layer_types", "differ by layer, which is not Mistral but Ministral, which Hone does not support");
        return common with { Window = window };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        WindowFields.WriteWindow(json, config.Window);
    }
}
