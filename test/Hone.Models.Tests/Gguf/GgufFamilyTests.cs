using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Models.Gguf;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// Every family to GGUF and back, against the files that llama.cpp's converter wrote and what llama.cpp answered from them.
/// </summary>
public sealed class GgufFamilyTests
{
    // Descriptive names that the converter guesses from the folder's name and the number of weights; no program computes with them.
    private static readonly string[] s_guessed = ["general.name", "general.basename", "general.size_label"];

    [Theory]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    [InlineData("tiny-qwen3-moe")]
    [InlineData("tiny-mistral-nemo")]
    [InlineData("tiny-smollm3")]
    [InlineData("tiny-olmo2")]
    [InlineData("tiny-phi3-longrope")]
    [InlineData("tiny-phi4-mini")]
    [InlineData("tiny-gemma2")]
    [InlineData("tiny-gemma3")]
    [InlineData("tiny-llama-yarn")]
    public void A_file_has_the_keys_and_tensors_of_the_converters(string name)
    {
        using TempFolder temp = new();
        using GgufFile theirs = GgufFile.Open(SharedData.Require($"gguf/{name}-f32.gguf")),
            ours = Export(SharedData.Require($"models/{name}"), temp, out string[] warnings);
        Assert.DoesNotContain(warnings, w => !w.Contains("sliding window", StringComparison.Ordinal));
        Assert.Equal(theirs.Header.Entries.Keys.Order(), ours.Header.Entries.Keys.Order());
        foreach (GgufEntry entry in theirs.Header.Entries.Values)
        {
            Assert.Equal((entry.ShapeText, entry.Type), (ours.Header.Entries[entry.Name].ShapeText, ours.Header.Entries[entry.Name].Type));
            using Tensor a = theirs.Read(entry.Name, ScalarType.Float32, CPU), b = ours.Read(entry.Name, ScalarType.Float32, CPU);
            Assert.True(HandMade.SameBits(a, b), entry.Name);
        }

        foreach (string key in theirs.Metadata.Keys.Except(s_guessed))
        {
            // The tiny tokenizer prepends a space in all folders; the converter says otherwise of every Gemma.
            if (key == "tokenizer.ggml.add_space_prefix") continue;
            Assert.True(ours.Metadata.Has(key), key);
            if (key == "tokenizer.ggml.scores") Assert.Equal(Ranks(theirs.Metadata), Ranks(ours.Metadata));
            else Assert.Equal(theirs.Metadata[key], ours.Metadata[key]);
        }

        string[] more =
            ["gemma2.rope.freq_base", "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.add_space_prefix",
            "tokenizer.ggml.padding_token_id"];
        Assert.Empty(ours.Metadata.Keys.Except(theirs.Metadata.Keys).Except(s_guessed).Except(more));
    }

    public static TheoryData<string> Models => [.. SharedData.TryGet("vectors/forward_families.jsonl") is { } path
        ? File.ReadLines(path).Select(line =>
            JsonDocument.Parse(line).RootElement.GetProperty("model").GetString()!).Distinct().Append("stories260K-hf")
        : ["none"]];

    [Theory]
    [MemberData(nameof(Models))]
    public void Weights_and_configuration_come_back_as_they_were(string name)
    {
        string folder = SharedData.Require($"models/{name}");
        using TempFolder temp = new(), unpacked = new();
        TransformerConfig config = ConfigFile.Load(folder);
        string path;
        using (GgufFile file = Export(folder, temp, out _)) path = file.Path;
        GgufFolder.Unpack(path, unpacked.Path);
        TransformerConfig again = ConfigFile.Load(unpacked.Path);

        // Mistral's files are Llama's; a window that llama.cpp does not run, and a factor that is folded into weights, are not stored.
        bool folded = GgufConfig.QueryFactor(config) != 1;
        TransformerConfig expected = config with
        {
            Family = config.Family == "mistral" ? "llama" : config.Family,
            Window = config.Family is "mistral" or "qwen2" ? null : config.Window,
            WindowedLayers = config.Family == "qwen2" ? null : config.WindowedLayers,
            QueryScalar = folded ? config.HeadDim : config.QueryScalar,
        };
        Assert.Equal(Written(expected), Written(again));
        Dictionary<string, Tensor> before = WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU),
            after = GgufFolder.LoadWeights(path, again, ScalarType.Float32, CPU);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach ((string weight, Tensor value) in before)
        {
            if (folded && (weight.Contains("q_proj", StringComparison.Ordinal) || weight.Contains("q_norm", StringComparison.Ordinal)))
                continue;
            if (config.NormWeight == NormWeight.OnePlusBeforeCast && weight.Contains("norm", StringComparison.Ordinal)
                && !HandMade.SameBits(value, after[weight]))
            {
                // 1 + w keeps 24 bits of a sum: what w has below them is lost, in this file as in the converter's.
                Assert.True((value - after[weight]).abs().max().item<float>() <= 6e-8f, weight);
                continue;
            }
            Assert.True(HandMade.SameBits(value, after[weight]), weight);
        }
        foreach (Tensor tensor in before.Values.Concat(after.Values)) tensor.Dispose();
    }

    [Fact]
    public void The_converters_files_give_what_llama_cpp_answered()
    {
        int rows = 0;
        string vectors = SharedData.Require("gguf/greedy.jsonl");
        foreach (IGrouping<string, JsonElement> group in File.ReadLines(vectors)
            .Select(l => JsonDocument.Parse(l).RootElement).GroupBy(r => r.GetProperty("gguf").GetString()!))
        {
            using var scope = NewDisposeScope();
            using var off = no_grad();
            using Transformer model = Load(SharedData.Require($"gguf/{group.Key}"));
            foreach (JsonElement row in group)
            {
                int[] Ints(string key) => [.. row.GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
                int[] ids = Ints("ids"), greedy = Ints("greedy_24");
                using Tensor logits = Last(model, ids);
                float[] top = [.. row.GetProperty("last_top8_logits").EnumerateArray().Select(v => v.GetSingle())];
                // llama.cpp evaluates Gemma's GELU by a table in half precision.
                double tolerance = group.Key.Contains("gemma", StringComparison.Ordinal) ? 2e-2 : 1e-3;
                foreach ((int id, float logit) in Ints("last_top8_ids").Zip(top)) Assert.Equal(logit, logits[id].item<float>(), tolerance);
                Assert.Equal(greedy, DecodedRows.Greedy(model, ids, greedy.Length));
                rows++;
            }
        }
        Assert.Equal(33, rows);
    }

    [Theory]
    [InlineData("tiny-gemma2-27b-style")]
    [InlineData("tiny-gemma3-linear")]
    [InlineData("tiny-llama-yarn-params")]
    [InlineData("tiny-qwen3")]
    public void A_model_through_gguf_goes_on_as_before(string name)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using TempFolder temp = new();
        using (GgufFile file = Export(SharedData.Require($"models/{name}"), temp, out _))
        {
        }
        using Transformer model = Load(temp.File("model.gguf"));
        foreach (JsonElement row in File.ReadLines(SharedData.Require("vectors/forward_families.jsonl"))
            .Select(l => JsonDocument.Parse(l).RootElement))
        {
            if (row.GetProperty("model").GetString() != name) continue;
            int[] Ints(string key) => [.. row.GetProperty(key).EnumerateArray().Select(v => v.GetInt32())];
            Assert.Equal(Ints("greedy_24"), DecodedRows.Greedy(model, Ints("ids"), 24));
        }
    }

    [Theory]
    [InlineData("tiny-mistral", "the same up to 16 tokens")]
    [InlineData("tiny-phi3", "the same up to 16 tokens")]
    [InlineData("tiny-qwen2-swa", "the same up to 16 tokens")]
    public void A_window_that_llama_cpp_does_not_run_is_told(string name, string message)
    {
        using TempFolder temp = new();
        using GgufFile file = Export(SharedData.Require($"models/{name}"), temp, out string[] warnings);
        Assert.Contains(warnings, w => w.Contains(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tiny-smollm3", "no_rope_layers", "[1,0,1,0,1]", "layer 1 does not rotate")]
    [InlineData("tiny-gemma2", "layer_types", """["full_attention","sliding_attention","full_attention","sliding_attention"]""",
        "layer 0 has no window")]
    [InlineData("tiny-gemma2", "attn_logit_softcapping", "null", "always caps scores")]
    [InlineData("tiny-qwen3-moe", "norm_topk_prob", "false", "norm_topk_prob is false")]
    [InlineData("tiny-qwen3", "rope_parameters",
        """
        {"rope_type":"llama3","rope_theta":10000.0,"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
         "original_max_position_embeddings":8192}
        """, "rope scaling llama3")]
    [InlineData("tiny-llama-yarn", "rope_scaling",
        """{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":64,"truncate":false}""", "truncate: false")]
    public void What_llama_cpp_would_compute_otherwise_is_refused_by_name(string name, string key, string value, string message)
    {
        using TempFolder temp = new();
        string folder = HandMade.Copy(SharedData.Require($"models/{name}"), temp);
        JsonObject config = JsonNode.Parse(File.ReadAllText(temp.File("config.json")))!.AsObject();
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(temp.File("config.json"), config.ToJsonString());
        using TempFolder target = new();
        InputException error = Assert.Throws<InputException>(() => Export(folder, target, out _).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(target.Path));
    }

    [Fact]
    public void Llama_3_frequencies_come_back_from_their_factors()
    {
        using TempFolder temp = new(), target = new(), unpacked = new();
        string folder = HandMade.Copy(SharedData.Require("models/tiny-llama-yarn"), temp);
        JsonObject config = JsonNode.Parse(File.ReadAllText(temp.File("config.json")))!.AsObject();
        (config["rope_theta"], config["max_position_embeddings"]) = (500000.0, 131072);
        config["rope_scaling"] =
            JsonNode.Parse(
            """
            {"rope_type":"llama3","factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}
            """);
        File.WriteAllText(temp.File("config.json"), config.ToJsonString());
        using (GgufFile file = Export(folder, target, out _)) Assert.True(file.Header.Entries.ContainsKey("rope_freqs.weight"));
        GgufFolder.Unpack(target.File("model.gguf"), unpacked.Path);
        Assert.Equal(ConfigFile.Load(folder).Rope, ConfigFile.Load(unpacked.Path).Rope);
        foreach (Tensor weight in GgufFolder.LoadWeights(
            target.File("model.gguf"), ConfigFile.Load(unpacked.Path), ScalarType.Float32, CPU).Values)
            weight.Dispose();
    }

    [Fact]
    public void A_reward_model_is_refused()
    {
        using TempFolder temp = new();
        TransformerConfig config = ConfigFile.Load(SharedData.Require("models/tiny-qwen3")) with { IsRewardModel = true };
        Assert.Contains("reward model",
            Assert.Throws<InputException>(() => GgufConfig.Write(config, new GgufMetadata(""), _ => { })).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture", "mamba", "The architecture mamba is not supported")]
    [InlineData("tokenizer.ggml.model", "bert", "the tokenizer model \"bert\"")]
    [InlineData("qwen3.rope.scaling.type", "ntk", "rope.scaling.type is ntk")]
    public void What_is_not_known_in_a_file_is_refused_by_name(string key, string value, string message) =>
        RefusedWith(key, value, message);

    [Theory]
    [InlineData("qwen3.attention.head_count", 0u, "head_count is 0")]
    [InlineData("qwen3.attention.value_length", 16u, "value_length is 16")]
    [InlineData("qwen3.block_count", 2u, "blk.2.")]
    [InlineData("qwen3.block_count", uint.MaxValue, "block_count")]
    [InlineData("qwen3.embedding_length", 128u, "shape")]
    [InlineData("tokenizer.ggml.eos_token_id", 512u, "eos_token_id")]
    public void Numbers_that_contradict_the_rest_of_a_file_are_refused(string key, uint value, string message) =>
        RefusedWith(key, value, message);

    private static void RefusedWith(string key, object value, string message)
    {
        using TempFolder temp = new();
        using GgufFile source = GgufFile.Open(SharedData.Require("gguf/tiny-qwen3-f32.gguf"));
        GgufMetadata metadata = new("");
        foreach (string k in source.Metadata.Keys) metadata.Add(k, k == key ? value : source.Metadata[k]);
        if (!source.Metadata.Has(key)) metadata.Add(key, value);
        GgufWriter.Write(temp.File("x.gguf"), metadata,
            [.. source.Header.Entries.Values.Select(e =>
                new GgufTensor(e.Name, e.Shape, e.Type, () => source.Read(e.Name, ScalarType.Float32, CPU)))]);
        Assert.Contains(message, Assert.Throws<InputException>(() => Load(temp.File("x.gguf")).Dispose()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_opens_as_a_model_folder_and_the_same_file_as_the_same_folder()
    {
        using TempFolder root = new();
        string path = SharedData.Require("gguf/tiny-qwen3-f32.gguf"), folder = GgufFolder.Open(path, root.Path);
        Assert.Equal(folder, GgufFolder.Open(path, root.Path));
        Assert.Single(Directory.GetDirectories(root.Path));
        TransformerConfig config = ConfigFile.Load(folder);
        Dictionary<string, Tensor> weights = WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU);
        Assert.Equal(WeightNames.Of(config).Count(), weights.Count);
        foreach (Tensor weight in weights.Values) weight.Dispose();
    }

    [Theory]
    [InlineData(GgufTensorType.F16, 2e-3)]
    [InlineData(GgufTensorType.BF16, 1e-2)]
    [InlineData(GgufTensorType.Q8_0, 1e-2)]
    [InlineData(GgufTensorType.Q4_0, 0.5)]
    public void Narrower_types_stay_near(GgufTensorType type, double most)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using TempFolder temp = new();
        string folder = SharedData.Require("models/tiny-qwen3");
        GgufExport.Write(folder, type, temp.File("model.gguf"), [], _ => { });
        TransformerConfig config = ConfigFile.Load(folder);
        using Transformer exact = new(config, WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU), ScalarType.Float32),
            rough = Load(temp.File("model.gguf"));
        int[] ids = [1, 397, 354, 329, 412, 323, 417, 431, 425];
        Tensor p = Last(exact, ids).log_softmax(0), q = Last(rough, ids).log_softmax(0);
        double divergence = (p.exp() * (p - q)).sum().item<float>();
        Assert.InRange(divergence, 0, most);
    }

    private static GgufFile Export(string folder, TempFolder target, out string[] warnings)
    {
        List<string> told = [];
        GgufExport.Write(folder, GgufTensorType.F32, target.File("model.gguf"), [], told.Add);
        warnings = [.. told];
        return GgufFile.Open(target.File("model.gguf"));
    }

    private static Transformer Load(string path)
    {
        using TempFolder folder = new();
        GgufFolder.Unpack(path, folder.Path);
        TransformerConfig config = ConfigFile.Load(folder.Path);
        return new Transformer(config, GgufFolder.LoadWeights(path, config, ScalarType.Float32, CPU), ScalarType.Float32);
    }

    private static string Written(TransformerConfig config)
    {
        using TempFolder folder = new();
        ConfigWriter.Write(folder.Path, config, ScalarType.Float32);
        return File.ReadAllText(folder.File("config.json"));
    }

    private static IEnumerable<int> Ranks(GgufMetadata metadata)
    {
        IReadOnlyList<float> scores = metadata.Numbers("tokenizer.ggml.scores")!;
        IReadOnlyList<int> types = metadata.Integers("tokenizer.ggml.token_type")!;
        return Enumerable.Range(0, scores.Count).Where(id => types[id] == 1).OrderByDescending(id => scores[id]);
    }

    private static Tensor Last(Transformer model, int[] ids)
    {
        var forest = new TokenForest();
        forest.AddRoot(ids);
        return model.Logits(model.Hidden(forest))[-1];
    }
}
