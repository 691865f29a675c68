using System.Text.Json;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Workflow;

internal static class TempSave
{
    public static void Save(string folder, IReadOnlyDictionary<string, Tensor> weights, LlamaConfig c, string textFrom, ScalarType dtype, long shard)
    {
        _ = (dtype, shard);
        Directory.CreateDirectory(folder);
        if (folder != textFrom)
            foreach (string f in new[] { "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json", "generation_config.json" })
                if (File.Exists(Path.Combine(textFrom, f))) File.Copy(Path.Combine(textFrom, f), Path.Combine(folder, f), true);
        Safetensors.Write(File.Create(Path.Combine(folder, "model.safetensors")), weights);
        File.WriteAllText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["architectures"] = new[] { c.IsRewardModel ? "LlamaForSequenceClassification" : "LlamaForCausalLM" }, ["model_type"] = "llama",
            ["num_labels"] = c.IsRewardModel ? 1 : 2, ["id2label"] = c.IsRewardModel ? new Dictionary<string, string> { ["0"] = "LABEL_0" } : null,
            ["hidden_act"] = "silu", ["hidden_size"] = c.HiddenSize, ["intermediate_size"] = c.IntermediateSize, ["num_hidden_layers"] = c.LayerCount,
            ["num_attention_heads"] = c.HeadCount, ["num_key_value_heads"] = c.KeyValueHeadCount, ["head_dim"] = c.HeadDim, ["vocab_size"] = c.VocabularySize,
            ["max_position_embeddings"] = c.MaxPositions, ["rms_norm_eps"] = c.NormEpsilon, ["rope_theta"] = c.RopeTheta, ["tie_word_embeddings"] = c.TieEmbeddings,
            ["attention_bias"] = c.AttentionBias, ["mlp_bias"] = c.MlpBias, ["bos_token_id"] = c.BosId, ["eos_token_id"] = c.EosIds, ["pad_token_id"] = c.PadId,
        }));
    }
}
