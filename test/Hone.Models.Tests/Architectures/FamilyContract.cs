using System.Text.Json.Nodes;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// What holds for every family, on a random model of its own shape: one subclass a family. Values are checked against
/// published ones in <see cref="FamilyForwardTests"/>; here every way of running a model is checked against the plainest.
/// </summary>
public abstract class FamilyContract
{
    /// <summary>The family's own fields of <c>config.json</c>, as transformers 4 writes them. Windows are 4 or 5 tokens.</summary>
    protected abstract string Own { get; }

    /// <summary>Fields that every family must refuse by name: (key, value as JSON).</summary>
    private static readonly (string Key, string Value)[] s_refusedByAll =
    [
        ("attention_dropout", "0.1"),
        ("quantization_config", """{"quant_method": "gptq"}"""),
        ("auto_map", """{"AutoModelForCausalLM": "modeling_x.X"}"""),
        ("text_config", """{"hidden_size": 8}"""),
        ("architectures", """["GPT2LMHeadModel"]"""),
    ];

    /// <summary>Fields that only Gemma knows, and an activation that only Gemma has.</summary>
    protected static (string Key, string Value)[] FieldsOfGemma =>
    [
        ("hidden_act", "\"gelu\""),
        ("attn_logit_softcapping", "50"),
        ("final_logit_softcapping", "30"),
        ("query_pre_attn_scalar", "256"),
        ("rope_local_base_freq", "10000"),
    ];

    /// <summary>Fields that this family must refuse besides.</summary>
    protected abstract (string Key, string Value)[] Refused { get; }

    [Fact]
    public void The_configuration_is_the_same_after_writing_and_reading()
    {
        TransformerConfig config = Read(_ => { });
        foreach (TransformerConfig own in (TransformerConfig[])[config, config with { IsRewardModel = true }])
        {
            using TempFolder folder = new();
            ConfigWriter.Write(folder.Path, own, ScalarType.Float32);
            string first = File.ReadAllText(folder.File(ConfigFile.Name));
            TransformerConfig again = ConfigFile.Load(folder.Path);
            ConfigWriter.Write(folder.Path, again, ScalarType.Float32);
            Assert.Equal(first, File.ReadAllText(folder.File(ConfigFile.Name)));
            for (int i = 0; i < own.LayerCount; i++) Assert.Equal((own.WindowOf(i), own.RopeOf(i)), (again.WindowOf(i), again.RopeOf(i)));
            Assert.Equal(
                own with { EosIds = [], RotatedLayers = null, WindowedLayers = null },
                again with { EosIds = [], RotatedLayers = null, WindowedLayers = null });
        }
    }

    [Fact]
    public void Unsupported_fields_are_refused_by_name()
    {
        foreach ((string key, string value) in (IEnumerable<(string, string)>)[.. s_refusedByAll, .. Refused])
        {
            InputException e = Assert.Throws<InputException>(() => Read(json => json[key] = JsonNode.Parse(value)));
            Assert.Contains(key, e.Message, StringComparison.Ordinal);
            Assert.Contains(ConfigFile.Name, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_forest_equals_plain_sequences_gradients_too()
    {
        using var scope = NewDisposeScope();
        using Transformer forest = Create(), plain = Create();
        foreach (Tensor w in forest.Weights.Values.Concat(plain.Weights.Values)) w.requires_grad_(true);
        int[] prompt = [1, 5, 9, 13, 2, 7, 30];
        int[][] answers = [[3, 4, 30], [7, 8, 9, 10, 11, 12, 36], [20]];

        ForestBatch batch = ForestBatch.Of([new PromptExample(prompt, answers)], forest.Config.PrefixBoundary);
        Tensor shared = LogProbHead.LogProbs(forest, forest.Hidden(batch.Forest), batch.Scored);
        Tensor sums = shared.SumByGroup(batch.Scored.Groups.OnDevice(CPU), answers.Length);
        Tensor weights = tensor(new float[] { 0.7f, -1.1f, 0.4f });
        (sums * weights).sum().backward();

        Tensor[] alone = [.. answers.Select(answer => PlainLogProb(plain, prompt, answer))];
        (stack(alone) * weights).sum().backward();
        for (int i = 0; i < answers.Length; i++) Assert.Equal(alone[i].item<float>(), sums[i].item<float>(), 2e-4);
        foreach ((string name, Tensor w) in forest.Weights)
        {
            Tensor expected = plain.Weights[name].grad ?? zeros_like(w), found = w.grad ?? zeros_like(w);
            float most = Math.Max(1, expected.abs().max().item<float>());
            Assert.True((expected - found).abs().max().item<float>() < 3e-4f * most, name);
        }
    }

    [Fact]
    public void A_prompt_pass_and_single_steps_equal_the_forward_pass()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using Transformer model = Create();
        int[][] sequences = [Sequence(30, 1), Sequence(25, 2)];
        int[] prompts = [9, 4];
        using var decoded = new DecodedRows(model);
        for (int row = 0; row < 2; row++)
            AssertClose(FullLogits(model, sequences[row][..prompts[row]]), decoded.Prompt(sequences[row][..prompts[row]], piece: 5));
        for (int step = 0; step < 20; step++)
        {
            Tensor logits = decoded.Step(sequences[0][prompts[0] + step], sequences[1][prompts[1] + step]);
            for (int row = 0; row < 2; row++) AssertClose(FullLogits(model, sequences[row][..(prompts[row] + step + 1)]), logits[row]);
        }
    }

    [Fact]
    public void Saved_weights_are_loaded_bit_for_bit_and_saved_the_same_again()
    {
        using TempFolder folder = new();
        using Transformer model = Create();
        CheckpointFolder.Save(folder.File("a"), model.Weights, model.Config, ScalarType.Float32, tokenizerFolder: null);
        TransformerConfig config = ConfigFile.Load(folder.File("a"));
        using Transformer loaded = new(
            config, WeightFolder.LoadWeights(folder.File("a"), config, ScalarType.Float32, CPU), ScalarType.Float32);
        Assert.All(model.Weights, w => Assert.True(HandMade.SameBits(w.Value, loaded.Weights[w.Key]), w.Key));
        CheckpointFolder.Save(folder.File("b"), loaded.Weights, config, ScalarType.Float32, tokenizerFolder: null);
        Assert.All(["config.json", "model.safetensors"], name =>
            Assert.Equal(File.ReadAllBytes(folder.File("a/" + name)), File.ReadAllBytes(folder.File("b/" + name))));
    }

    /// <summary>
    /// What an adapter adds in training, in a prompt and at each token is what merging adds to the weights; off it adds
    /// nothing.
    /// </summary>
    [Fact]
    public void An_adapter_equals_the_weights_it_is_merged_into()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using Transformer plain = Create(), merged = Create();
        LoraAdapter adapter = LoraAdapter.Create(plain.Config, new LoraOptions { Rank = 3, Alpha = 6 }, seed: 5, CPU);
        using var adapted = new Transformer(plain.Config, Create().Weights, ScalarType.Float32, adapter);
        int[] sequence = Sequence(20, 3);
        Assert.Equal(0, (FullLogits(plain, sequence) - FullLogits(adapted, sequence)).abs().max().item<float>());
        foreach (Tensor t in adapter.Tensors.Values) t.normal_(0, 0.1);
        LoraMerge.Into(merged.Weights, adapter);
        Assert.True((FullLogits(plain, sequence) - FullLogits(adapted, sequence)).abs().max().item<float>() > 0.01);
        AssertClose(FullLogits(merged, sequence), FullLogits(adapted, sequence));

        using var decoded = new DecodedRows(adapted);
        decoded.Prompt(sequence[..19]);
        AssertClose(FullLogits(merged, sequence), decoded.Step(sequence[19])[0]);
        adapter.Enabled = false;
        Assert.Equal(0, (FullLogits(plain, sequence) - FullLogits(adapted, sequence)).abs().max().item<float>());
    }

    [Fact]
    public void Layers_computed_again_in_the_backward_pass_give_the_same_gradients()
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> Gradients(bool checkpoint)
        {
            using Transformer model = Create();
            model.CheckpointBlocks = checkpoint;
            foreach (Tensor w in model.Weights.Values) w.requires_grad_(true);
            ForestBatch batch = ForestBatch.Of(
                [new PromptExample([1, 5, 9, 13, 2, 7], [[3, 4, 30], [7, 8, 9, 10]])], model.Config.PrefixBoundary);
            LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored).sum().backward();
            return model.Weights.ToDictionary(w => w.Key, w => w.Value.grad?.clone() ?? zeros_like(w.Value));
        }
        Dictionary<string, Tensor> kept = Gradients(false), again = Gradients(true);
        Assert.All(kept, g => Assert.True(HandMade.SameBits(g.Value, again[g.Key]), g.Key));
    }

    private Transformer Create()
    {
        TransformerConfig config = Read(_ => { });
        // A deviation far above training's: attention must be sharp enough for a wrong mask to show.
        return new Transformer(config, RandomWeights.Create(config, seed: 7, deviation: 0.3), ScalarType.Float32);
    }

    private TransformerConfig Read(Action<JsonObject> change)
    {
        JsonObject json = JsonNode.Parse("""
            {"vocab_size": 37, "hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 5, "num_attention_heads": 4,
             "num_key_value_heads": 2, "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
             "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": null, "tie_word_embeddings": false}
            """)!.AsObject();
        foreach ((string key, JsonNode? value) in JsonNode.Parse(Own)!.AsObject()) json[key] = value?.DeepClone();
        change(json);
        using TempFolder folder = new();
        File.WriteAllText(folder.File(ConfigFile.Name), json.ToJsonString());
        return ConfigFile.Load(folder.Path);
    }

    private static Tensor PlainLogProb(Transformer model, int[] prompt, int[] answer)
    {
        var plain = new TokenForest();
        plain.AddRoot([.. prompt, .. answer]);
        Tensor logProbs = model.Logits(model.Hidden(plain)).log_softmax(1);
        return stack([.. answer.Select((token, i) => logProbs[prompt.Length + i - 1, token])]).sum();
    }

    private static int[] Sequence(int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => ((i * 7 * seed) + (i * i) + seed) % 37)];

    private static Tensor FullLogits(Transformer model, int[] sequence)
    {
        var forest = new TokenForest();
        forest.AddRoot(sequence);
        return model.Logits(model.Hidden(forest))[^1];
    }

    private static void AssertClose(Tensor expected, Tensor found)
    {
        float difference = (expected - found).abs().max().item<float>();
        Assert.True(difference <= 3e-4f, $"largest difference {difference:E2}");
    }
}
