using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Folders in PEFT's published layout, written here by hand and not by Hone.</summary>
public sealed class PeftFolderTests : IDisposable
{
    private const string Q = "model.layers.0.self_attn.q_proj", Down = "model.layers.1.mlp.down_proj";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, 6.0 / 2)]
    [InlineData(true, 6.0 / 1.4142135623730951)]
    public void A_folder_as_PEFT_writes_it_adds_alpha_over_rank_times_B_A(bool rslora, double scale)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        Dictionary<string, Tensor> stored = Write(json => json["use_rslora"] = rslora);
        (LoraAdapter adapter, var modules) = Read();
        Assert.Empty(modules);
        Dictionary<string, Tensor> merged = RandomWeights.Create(TinyLlama.Config, 7, 0.3),
            plain = RandomWeights.Create(TinyLlama.Config, 7, 0.3);
        LoraMerge.Into(merged, adapter);
        foreach (string name in new[] { Q, Down })
        {
            Tensor product = matmul(
                stored[$"base_model.model.{name}.lora_B.weight"], stored[$"base_model.model.{name}.lora_A.weight"]) * scale;
            Tensor error = merged[name + ".weight"] - (plain[name + ".weight"] + product);
            Assert.True(error.abs().max().item<float>() < 1e-6f, name);
        }
        Assert.All(plain.Where(w => w.Key != Q + ".weight" && w.Key != Down + ".weight"),
            w => Assert.True(HandMade.SameBits(w.Value, merged[w.Key]), w.Key));
    }

    [Fact]
    public void Ranks_and_alphas_of_single_matrices_are_followed()
    {
        using var scope = NewDisposeScope();
        Write(json => json["alpha_pattern"] = JsonNode.Parse("""{"down_proj": 1.0}"""));
        (LoraAdapter adapter, _) = Read();
        Assert.Equal(3, adapter.Pairs[Q].Scale);
        Assert.Equal(0.5, adapter.Pairs[Down].Scale);
    }

    [Fact]
    public void A_score_head_among_the_saved_modules_makes_a_reward_model()
    {
        using var scope = NewDisposeScope();
        Write(json =>
        {
            json["task_type"] = "SEQ_CLS";
            json["modules_to_save"] = new JsonArray("score");
        }, tensors => tensors["base_model.model.score.weight"] = ones(1, 24));
        PeftConfig peft = PeftConfig.Read(_folder.Path);
        Assert.True(peft.IsRewardModel);
        (_, var modules) = PeftFolder.Read(_folder.Path, peft, TinyLlama.Config with { IsRewardModel = true }, CPU);
        Assert.Equal([WeightNames.RewardHead], modules.Keys);
    }

    [Fact]
    public void What_is_read_is_written_as_it_was()
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> stored = Write(_ => { });
        (LoraAdapter adapter, _) = Read();
        using var model = new Transformer(TinyLlama.Config, RandomWeights.Create(TinyLlama.Config, 7), ScalarType.Float32, adapter);
        CheckpointFolder.SaveAdapter(_folder.File("again"), model, "owner/name", tokenizerFolder: null);
        using SafetensorsFile file = SafetensorsFile.Open(_folder.File("again/" + PeftFolder.WeightsFile));
        Assert.Equal(stored.Keys.Order(), file.Header.Entries.Keys.Order());
        Assert.All(stored, t => Assert.True(HandMade.SameBits(t.Value, file.Read(t.Key, ScalarType.Float32, CPU)), t.Key));
        JsonNode config = JsonNode.Parse(File.ReadAllText(_folder.File("again/" + PeftConfig.FileName)))!;
        Assert.Equal(("LORA", "CAUSAL_LM", "owner/name", 2, 6.0), ((string)config["peft_type"]!, (string)config["task_type"]!,
            (string)config["base_model_name_or_path"]!, (int)config["r"]!, (double)config["lora_alpha"]!));
        Assert.Equal(["down_proj", "q_proj"], config["target_modules"]!.AsArray().Select(n => (string)n!));
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "peft_type", "\"LOHA\"" },
        { "bias", "\"all\"" },
        { "use_dora", "true" },
        { "lora_bias", "true" },
        { "fan_in_fan_out", "true" },
        { "use_qalora", "true" },
        { "layer_replication", "[[0, 2]]" },
        { "trainable_token_indices", "[1]" },
        { "target_parameters", "[\"experts.weight\"]" },
        { "init_lora_weights", "\"pissa\"" },
        { "init_lora_weights", "\"olora\"" },
        { "alora_invocation_tokens", "[5]" },
        { "task_type", "\"TOKEN_CLS\"" },
        { "r", "0" },
        { "lora_alpha", "\"much\"" },
        { "a_key_of_next_year", "true" },
        { "alpha_pattern", "{\"^model.*q_proj\": 3}" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_field_that_asks_for_more_is_refused_by_name(string key, string value)
    {
        using var scope = NewDisposeScope();
        Write(json => json[key] = JsonNode.Parse(value));
        InputException e = Assert.Throws<InputException>(() => PeftConfig.Read(_folder.Path));
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, long, long> Strange => new()
    {
        { "missing", $"base_model.model.{Q}.lora_B.weight", 0, 0 },
        { "shape", $"base_model.model.{Q}.lora_A.weight", 2, 23 },
        { "shape", $"base_model.model.{Q}.lora_B.weight", 33, 2 },
        { "no part", "base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight", 2, 24 },
        { "no part", "base_model.model.model.embed_tokens.lora_embedding_A", 2, 37 },
        { "no part", $"base_model.model.{Q}.lora_magnitude_vector", 2, 24 },
        { "shape", "base_model.model.model.embed_tokens.weight", 38, 24 },
    };

    [Theory]
    [MemberData(nameof(Strange))]
    public void A_tensor_that_does_not_fit_is_refused(string word, string name, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        Write(_ => { }, tensors =>
        {
            if (rows == 0) tensors.Remove(name);
            else tensors[name] = ones(rows, columns);
        });
        InputException e = Assert.Throws<InputException>(() => Read());
        Assert.Contains(word, e.Message, StringComparison.Ordinal);
    }

    private (LoraAdapter Adapter, IReadOnlyDictionary<string, Tensor> Modules) Read() =>
        PeftFolder.Read(_folder.Path, PeftConfig.Read(_folder.Path), TinyLlama.Config, CPU);

    private Dictionary<string, Tensor> Write(Action<JsonObject> config, Action<Dictionary<string, Tensor>>? change = null)
    {
        JsonObject json = JsonNode.Parse("""
            {
              "alpha_pattern": {}, "auto_mapping": null, "base_model_name_or_path": "owner/name", "bias": "none",
              "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": true, "layer_replication": null,
              "layers_pattern": null, "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 6, "lora_dropout": 0.05,
              "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null, "peft_type": "LORA", "r": 2,
              "rank_pattern": {}, "revision": null, "target_modules": ["q_proj", "down_proj"], "task_type": "CAUSAL_LM",
              "use_dora": false, "use_rslora": false
            }
            """)!.AsObject();
        config(json);
        File.WriteAllText(_folder.File(PeftConfig.FileName), json.ToJsonString());
        using var generator = new Generator(3, CPU);
        Tensor Random(params long[] shape) => randn(shape, generator: generator) * 0.1;
        var tensors = new Dictionary<string, Tensor>
        {
            [$"base_model.model.{Q}.lora_A.weight"] = Random(2, 24),
            [$"base_model.model.{Q}.lora_B.weight"] = Random(32, 2),
            [$"base_model.model.{Down}.lora_A.weight"] = Random(2, 40),
            [$"base_model.model.{Down}.lora_B.weight"] = Random(24, 2),
        };
        change?.Invoke(tensors);
        using FileStream file = File.Create(_folder.File(PeftFolder.WeightsFile));
        SafetensorsWriter.Write(file, tensors, ScalarType.Float32);
        return tensors;
    }
}
