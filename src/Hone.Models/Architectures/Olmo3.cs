using System.Text.Json;

namespace Hone.Models;

/// <summary>OLMo-3: OLMo-2 with a window in three layers of four, whose rotary embeddings are not scaled.</summary>
internal sealed class Olmo3 : Architecture
{
    private static readonly Olmo2 s_before = new();

    public override string ModelType => "olmo3";

    public override string CausalModel => "Olmo3ForCausalLM";

    public override ConfigDefaults Defaults => s_before.Defaults;

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common) => s_before.Read(fields, common) with
    {
        Window = WindowFields.Window(fields, otherwise: 4096),
        WindowedLayers = WindowFields.LayerTypes(fields, common) ?? [.. Enumerable.Range(1, common.LayerCount).Select(i => i % 4 != 0)],
        // As the released models were trained and as transformers 4 and vLLM run them.
        WindowRope = common.Rope with { Scaling = null },
    };

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        s_before.Write(json, config);
        WindowFields.WriteWindow(json, config.Window);
        WindowFields.WriteLayerTypes(json, config);
    }
}
