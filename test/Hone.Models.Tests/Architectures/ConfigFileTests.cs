using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class ConfigFileTests
{
    private const string Llama3 = """
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":128256,"hidden_size":4096,"intermediate_size":14336,
         "num_hidden_layers":32,"num_attention_heads":32,"num_key_value_heads":8,"max_position_embeddings":8192,"rms_norm_eps":1e-05,
         "rope_theta":500000.0,"rope_scaling":null,"tie_word_embeddings":false,"hidden_act":"silu","attention_bias":false,"mlp_bias":false,
         "bos_token_id":128000,"eos_token_id":128001,"torch_dtype":"bfloat16","attention_dropout":0.0,"pretraining_tp":1,"use_cache":true,
         "initializer_range":0.02,"transformers_version":"4.40.0"}
        """;

    [Fact]
    public void Llama_3_8B()
    {
        TransformerConfig config = Load(Llama3);
        Assert.Equal((128256, 4096, 14336, 32, 32, 8, 128),
            (config.VocabularySize, config.HiddenSize, config.IntermediateSize,
             config.LayerCount, config.HeadCount, config.KeyValueHeadCount, config.HeadDim));
        Assert.Equal((8192, 1e-5, 500000.0, false), (config.MaxPositions, config.NormEpsilon, config.Rope.Theta, config.TieEmbeddings));
        Assert.Equal((128000, null), (config.BosId, config.PadId));
        Assert.Equal([128001], config.EosIds);
        Assert.Null(config.Rope.Scaling);
    }

    [Fact]
    public void Published_small_models()
    {
        TransformerConfig config = ConfigFile.Load(SharedData.Require("models/stories260K-hf"));
        Assert.Equal((512, 64, 172, 5, 8, 4, 8, true),
            (config.VocabularySize, config.HiddenSize, config.IntermediateSize, config.LayerCount,
             config.HeadCount, config.KeyValueHeadCount, config.HeadDim, config.TieEmbeddings));
    }

    [Theory]
    [InlineData("""{"type":"linear","factor":2.0}""", "linear", 2)]
    [InlineData("""{"type":"dynamic","factor":4}""", "dynamic", 4)]
    [InlineData("""{"rope_type":"dynamic","factor":4.0,"original_max_position_embeddings":2048}""", "dynamic", 4)]
    [InlineData("""{"rope_type":"llama3","type":"llama3","factor":8.0"""
        + ""","low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}""", "llama3", 8)]
    public void Rope_scaling_in_both_spellings(string json, string type, double factor)
    {
        RopeScaling scaling = Load(With("rope_scaling", json)).Rope.Scaling!;
        Assert.Equal((type, factor), (scaling.Type, scaling.Factor));
        Assert.Equal(json.Contains("2048", StringComparison.Ordinal) ? 2048 : 8192, scaling.OriginalMaxPositions);
    }

    [Fact]
    public void Rope_parameters_of_transformers_5()
    {
        TransformerConfig plain = Load(With("rope_parameters", """{"rope_theta":500000.0,"rope_type":"default"}"""));
        Assert.Equal((500000.0, null), (plain.Rope.Theta, plain.Rope.Scaling));
        const string Scaled = """{"rope_theta":10000.0,"rope_type":"llama3","factor":32.0"""
            + ""","low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":8192}""";
        TransformerConfig scaled = Load(Edit(Llama3, j =>
        {
            j.Remove("rope_theta");
            j.Remove("rope_scaling");
            j["rope_parameters"] = JsonNode.Parse(Scaled);
        }));
        Assert.Equal((10000.0, new RopeScaling("llama3", 32)), (scaled.Rope.Theta, scaled.Rope.Scaling));
    }

    [Fact]
    public void Several_eos_ids_explicit_head_dim_and_defaults()
    {
        TransformerConfig config = Load(Edit(Llama3, j =>
        {
            j["eos_token_id"] = new JsonArray(128001, 128008, 128009);
            j["head_dim"] = 64;
            string[] gone = ["num_key_value_heads", "rms_norm_eps", "rope_theta", "max_position_embeddings", "bos_token_id"];
            foreach (string key in gone) j.Remove(key);
        }));
        Assert.Equal([128001, 128008, 128009], config.EosIds);
        Assert.Equal((64, 32, 1e-6, 10000.0, 2048, 1),
            (config.HeadDim, config.KeyValueHeadCount, config.NormEpsilon, config.Rope.Theta, config.MaxPositions, config.BosId));
    }

    [Theory]
    [InlineData("architectures", """["MistralForCausalLM"]""")]
    [InlineData("model_type", "\"gpt2\"")]
    [InlineData("hidden_act", "\"gelu\"")]
    [InlineData("sliding_window", "4096")]
    [InlineData("quantization_config", """{"quant_method":"gptq"}""")]
    [InlineData("partial_rotary_factor", "0.5")]
    [InlineData("attention_dropout", "0.1")]
    [InlineData("auto_map", """{"AutoModelForCausalLM":"modeling_x.X"}""")]
    [InlineData("num_local_experts", "8")]
    [InlineData("layer_types", """["full_attention","sliding_attention"]""")]
    [InlineData("rope_scaling", """{"rope_type":"longrope","factor":4.0}""")]
    [InlineData("rope_scaling", """{"rope_type":"linear","type":"dynamic","factor":4.0}""")]
    [InlineData("rope_scaling", """{"rope_type":"llama3","factor":8.0}""")]
    [InlineData("rope_scaling", """{"factor":8.0}""")]
    [InlineData("rope_scaling", """{"type":"linear","factor":0.5}""")]
    [InlineData("rope_parameters", """{"rope_theta":1.0,"rope_type":"default"}""")]
    [InlineData("rope_parameters", """{"full_attention":{"rope_theta":1.0}}""")]
    [InlineData("vocab_size", "2147483648")]
    [InlineData("vocab_size", "0")]
    [InlineData("vocab_size", "\"32000\"")]
    [InlineData("hidden_size", "1e300")]
    [InlineData("hidden_size", "4100")]
    [InlineData("num_hidden_layers", "-1")]
    [InlineData("num_attention_heads", "0")]
    [InlineData("num_key_value_heads", "7")]
    [InlineData("head_dim", "63")]
    [InlineData("rms_norm_eps", "-1e-5")]
    [InlineData("rope_theta", "0")]
    [InlineData("eos_token_id", "128256")]
    [InlineData("eos_token_id", "[1,true]")]
    [InlineData("tie_word_embeddings", "\"yes\"")]
    public void What_is_wrong_or_unsupported_is_refused_by_name(string key, string value)
    {
        InputException e = Assert.Throws<InputException>(() => Load(With(key, value)));
        string named = key == "hidden_size" && value == "4100" ? "num_attention_heads"
            : key == "rope_parameters" && value.Contains("full", StringComparison.Ordinal) ? "full_attention"
            : Name(key, value);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.Contains("config.json", e.Message, StringComparison.Ordinal);
        static string Name(string key, string value) =>
            key is "rope_parameters" or "rope_scaling" && value.Contains("type", StringComparison.Ordinal) ? "rope_" : key;
    }

    [Theory]
    [InlineData("vocab_size")]
    [InlineData("hidden_size")]
    [InlineData("intermediate_size")]
    [InlineData("num_hidden_layers")]
    [InlineData("num_attention_heads")]
    public void A_missing_size_is_named(string key) =>
        Assert.Contains($"{key} is missing",
            Assert.Throws<InputException>(() => Load(Edit(Llama3, j => j.Remove(key)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"vocab_size":1,"vocab_size":2}""")]
    [InlineData("\u0000")]
    public void A_file_that_is_no_configuration(string text) => Assert.Throws<InputException>(() => Load(text));

    [Fact]
    public void No_folder_and_no_file()
    {
        using TempFolder folder = new();
        Assert.Contains("missing", Assert.Throws<InputException>(() => ConfigFile.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist",
            Assert.Throws<InputException>(() => ConfigFile.Load(folder.File("no"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reward_model_has_one_label()
    {
        string two = Edit(Llama3, j => j["architectures"] = new JsonArray("LlamaForSequenceClassification"));
        Assert.Contains("num_labels", Assert.Throws<InputException>(() => Load(two)).Message, StringComparison.Ordinal);
        Assert.True(Load(Edit(two, j => j["num_labels"] = 1)).IsRewardModel);
        Assert.True(Load(Edit(two, j => j["id2label"] = new JsonObject { ["0"] = "LABEL_0" })).IsRewardModel);
        Assert.Throws<InputException>(() => Load(Edit(two, j => j["id2label"] = new JsonObject { ["0"] = "a", ["1"] = "b" })));
    }

    [Fact]
    public void A_tokenizer_with_more_ids_than_rows_is_refused()
    {
        TransformerConfig config = Load(Llama3);
        ConfigFile.Check(config, 128256);
        Assert.Contains("128257", Assert.Throws<InputException>(() => ConfigFile.Check(config, 128257)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        TransformerConfig odd = Load(Llama3) with
        {
            HeadDim = 96,
            Rope = new Rope { Scaling = new RopeScaling("llama3", 8, 1, 4, 8192) },
            TieEmbeddings = true,
            QueryKeyValueBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            EosIds = [2, 3],
            BosId = null,
            PadId = 5,
            NormEpsilon = 1e-5,
        };
        TransformerConfig reward = odd with
        {
            IsRewardModel = true,
            Rope = new Rope { Scaling = new RopeScaling("linear", 2) },
            EosIds = [],
        };
        foreach (TransformerConfig config in (TransformerConfig[])[Load(Llama3), odd, reward])
        {
            using TempFolder folder = new();
            ConfigWriter.Write(folder.Path, config, ScalarType.BFloat16);
            TransformerConfig read = ConfigFile.Load(folder.Path);
            Assert.Equal(config.EosIds, read.EosIds);
            Assert.Equal(config, read with { EosIds = config.EosIds });
        }
    }

    private static string With(string key, string value) => Edit(Llama3, j => j[key] = JsonNode.Parse(value));

    private static string Edit(string json, Action<JsonObject> change)
    {
        JsonObject root = JsonNode.Parse(json)!.AsObject();
        change(root);
        return root.ToJsonString();
    }

    private static TransformerConfig Load(string json)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(ConfigFile.Name), json);
        return ConfigFile.Load(folder.Path);
    }
}
