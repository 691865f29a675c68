using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>One decoder layer's weights, looked up once by their Hugging Face names.</summary>
internal sealed class LayerWeights
{
    public LayerWeights(IReadOnlyDictionary<string, Tensor> weights, int layer)
    {
        string prefix = $"model.layers.{layer}.";
        Tensor Need(string name) => weights[prefix + name];
        Tensor? Maybe(string name) => weights.GetValueOrDefault(prefix + name);
        InputNorm = Need("input_layernorm.weight");
        PostAttentionNorm = Need("post_attention_layernorm.weight");
        (Query, QueryBias) = (Need("self_attn.q_proj.weight"), Maybe("self_attn.q_proj.bias"));
        (Key, KeyBias) = (Need("self_attn.k_proj.weight"), Maybe("self_attn.k_proj.bias"));
        (Value, ValueBias) = (Need("self_attn.v_proj.weight"), Maybe("self_attn.v_proj.bias"));
        (Output, OutputBias) = (Need("self_attn.o_proj.weight"), Maybe("self_attn.o_proj.bias"));
        (Gate, GateBias) = (Need("mlp.gate_proj.weight"), Maybe("mlp.gate_proj.bias"));
        (Up, UpBias) = (Need("mlp.up_proj.weight"), Maybe("mlp.up_proj.bias"));
        (Down, DownBias) = (Need("mlp.down_proj.weight"), Maybe("mlp.down_proj.bias"));
    }

    public Tensor InputNorm { get; }

    public Tensor PostAttentionNorm { get; }

    public Tensor Query { get; }

    public Tensor? QueryBias { get; }

    public Tensor Key { get; }

    public Tensor? KeyBias { get; }

    public Tensor Value { get; }

    public Tensor? ValueBias { get; }

    public Tensor Output { get; }

    public Tensor? OutputBias { get; }

    public Tensor Gate { get; }

    public Tensor? GateBias { get; }

    public Tensor Up { get; }

    public Tensor? UpBias { get; }

    public Tensor Down { get; }

    public Tensor? DownBias { get; }
}
