using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>One layer, packed: q, k and v are one matrix, and panels of gate and up take turns in another.</summary>
internal sealed class LayerWeights : IDisposable
{
    public LayerWeights(Transformer model, int layer, CpuFormat format)
    {
        TransformerConfig config = model.Config;
        string prefix = WeightNames.Layer(layer), attention = prefix + "self_attn.", mlp = prefix + "mlp.";
        NormNames names = NormNames.Of(config.NormPlacement);
        float[]? Norm(string? name) => name is null ? null : NormWeights.Read(model, prefix + name);
        (AttentionIn, AttentionOut) = (Norm(names.AttentionIn), Norm(names.AttentionOut));
        (MlpIn, MlpOut) = (Norm(names.MlpIn), Norm(names.MlpOut));
        (QueryNorm, KeyNorm) = (Norm("self_attn.q_norm"), Norm("self_attn.k_norm"));

        string[] inputs = config.FusedProjections ? ["qkv_proj"] : ["q_proj", "k_proj", "v_proj"];
        (QueryKeyValue, QueryKeyValueBias) = MatrixPacker.Stacked(model, [.. inputs.Select(name => attention + name)], format);
        (Output, OutputBias) = MatrixPacker.Stacked(model, [attention + "o_proj"], format);
        string[] gateAndUp = config.FusedProjections ? ["gate_up_proj"] : ["gate_proj", "up_proj"];
        (GateAndUp, GateAndUpBias) = MatrixPacker.Alternating(model, [.. gateAndUp.Select(name => mlp + name)], format);
        (Down, DownBias) = MatrixPacker.Stacked(model, [mlp + "down_proj"], format);
    }

    public float[]? AttentionIn { get; }

    public float[]? AttentionOut { get; }

    public float[]? MlpIn { get; }

    public float[]? MlpOut { get; }

    public float[]? QueryNorm { get; }

    public float[]? KeyNorm { get; }

    public PackedMatrix QueryKeyValue { get; }

    public float[]? QueryKeyValueBias { get; }

    public PackedMatrix Output { get; }

    public float[]? OutputBias { get; }

    public PackedMatrix GateAndUp { get; }

    public float[]? GateAndUpBias { get; }

    public PackedMatrix Down { get; }

    public float[]? DownBias { get; }

    public long Bytes => QueryKeyValue.Bytes + Output.Bytes + GateAndUp.Bytes + Down.Bytes;

    public void Dispose()
    {
        QueryKeyValue?.Dispose();
        Output?.Dispose();
        GateAndUp?.Dispose();
        Down?.Dispose();
    }
}

/// <summary>Norms with their weights ready to multiply with.</summary>
internal static class NormWeights
{
    public static float[]? Read(Transformer model, string name)
    {
        using WeightRows? rows = WeightRows.Of(model, name + ".weight");
        if (rows?.ToArray() is not { } weights) return null;
        if (model.Config.NormWeight == NormWeight.OnePlusBeforeCast)
            for (int i = 0; i < weights.Length; i++) weights[i] += 1;
        return weights;
    }
}
