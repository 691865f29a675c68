using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class WeightFolderTests
{
    private const string Tiny = "models/tinystories-656k-hf";
    private const string Sharded = "models/tinystories-656k-hf-sharded-bf16";

    [Fact]
    public void Published_values_of_tinystories_656k()
    {
        string folder = SharedData.Require(Tiny), published = SharedData.Require("vectors/param_values_published.jsonl");
        using Weights weights = new(folder);
        int checkedRows = 0;
        foreach (string line in File.ReadLines(published))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            string name = row.GetProperty("tensor").GetString()!;
            Tensor weight = weights.All[name.StartsWith("lm_head", StringComparison.Ordinal) ? WeightNames.Embedding : name];
            Assert.Equal(row.GetProperty("value").GetSingle(), weight.view(-1)[row.GetProperty("flat_index").GetInt64()].item<float>());
            checkedRows++;
        }

        Assert.Equal(11, checkedRows);
        Assert.DoesNotContain(WeightNames.LanguageModelHead, weights.All.Keys);
        Assert.Equal(656_000, weights.All.Values.Sum(w => w.numel()));
    }

    [Fact]
    public void Sharded_bf16_copy_equals_the_fp32_file()
    {
        using Weights single = new(SharedData.Require(Tiny)), sharded = new(SharedData.Require(Sharded));
        Assert.Equal(single.All.Keys.Order(), sharded.All.Keys.Order());
        Assert.All(single.All, w => Assert.True(HandMade.SameBits(w.Value, sharded.All[w.Key]), w.Key));
        using Weights stored = new(SharedData.Require(Sharded), ScalarType.BFloat16);
        Assert.All(stored.All.Values, w => Assert.Equal(ScalarType.BFloat16, w.dtype));
    }

    [Fact]
    public void Stories260K_has_all_its_parameters()
    {
        using Weights weights = new(SharedData.Require("models/stories260K-hf"));
        Assert.Equal(260_032, weights.All.Values.Sum(w => w.numel()));
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        using TempFolder folder = new();
        File.Delete(Path.Combine(HandMade.Copy(SharedData.Require(Sharded), folder), "model-00002-of-00003.safetensors"));
        Refused(folder.Path, "model-00002-of-00003.safetensors");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_truncated_or_longer_shard_is_named(int change)
    {
        using TempFolder folder = new();
        string shard = Path.Combine(HandMade.Copy(SharedData.Require(Sharded), folder), "model-00003-of-00003.safetensors");
        using (FileStream file = new(shard, FileMode.Open)) file.SetLength(file.Length + change);
        Refused(folder.Path, "model-00003-of-00003.safetensors");
    }

    [Fact]
    public void An_index_that_disagrees_with_its_shards_is_refused()
    {
        using TempFolder folder = new();
        string index = Path.Combine(HandMade.Copy(SharedData.Require(Sharded), folder), ShardSet.IndexFile);
        string text = File.ReadAllText(index);
        JsonObject root = JsonNode.Parse(text)!.AsObject();
        root["weight_map"]!.AsObject()["model.norm.weight"] = "model-00001-of-00003.safetensors";
        File.WriteAllText(index, root.ToJsonString());
        Refused(folder.Path, "model.norm.weight in model-00001-of-00003.safetensors, which does not hold it");
        root["weight_map"]!.AsObject().Remove("model.norm.weight");
        File.WriteAllText(index, root.ToJsonString());
        Refused(folder.Path, "model.norm.weight of model-00003-of-00003.safetensors is not in the index");
    }

    [Theory]
    [InlineData("\"vocab_size\": 2048", "\"vocab_size\": 2049", "lm_head.weight has shape [2048, 128], expected [2049, 128]")]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "model.layers.2.input_layernorm.weight [128] is missing")]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1",
        "model.layers.1.input_layernorm.weight [128] is not part of this model")]
    [InlineData("\"num_key_value_heads\": 4", "\"num_key_value_heads\": 2", "k_proj.weight has shape [64, 128], expected [32, 128]")]
    [InlineData("\"mlp_bias\": false", "\"mlp_bias\": true", "gate_proj.bias [384] is missing")]
    [InlineData("LlamaForCausalLM", "LlamaForSequenceClassification\"], \"num_labels\": 1, \"x\": [\"", "score.weight [1, 128] is missing")]
    public void Weights_that_do_not_fit_the_configuration_are_named_with_both_shapes(string from, string to, string message)
    {
        using TempFolder folder = new();
        string config = Path.Combine(HandMade.Copy(SharedData.Require(Tiny), folder), ConfigFile.Name);
        string text = File.ReadAllText(config);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(config, text.Replace(from, to, StringComparison.Ordinal));
        Refused(folder.Path, message);
    }

    [Fact]
    public void An_alias_serves_both_names_of_an_untied_model()
    {
        using TempFolder folder = new();
        string config = Path.Combine(HandMade.Copy(SharedData.Require(Tiny), folder), ConfigFile.Name);
        File.WriteAllText(config,
            File.ReadAllText(config).Replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", StringComparison.Ordinal));
        using Weights weights = new(folder.Path);
        Assert.True(HandMade.SameBits(weights.All[WeightNames.Embedding], weights.All[WeightNames.LanguageModelHead]));
        Assert.NotEqual(weights.All[WeightNames.Embedding].Handle, weights.All[WeightNames.LanguageModelHead].Handle);
    }

    [Theory]
    [InlineData(float.NaN, "model.norm.weight holds NaN")]
    [InlineData(float.NegativeInfinity, "model.norm.weight holds NaN or infinite")]
    public void Weights_that_are_not_finite_are_refused_by_name(float value, string message)
    {
        using TempFolder folder = new();
        string file = Path.Combine(HandMade.Copy(SharedData.Require(Tiny), folder), ShardSet.SingleFile);
        byte[] bytes = File.ReadAllBytes(file);
        SafetensorsHeader header = SafetensorsHeader.Read(new MemoryStream(bytes), file);
        BitConverter.TryWriteBytes(bytes.AsSpan((int)header.Entries["model.norm.weight"].Offset + 37 * 4), value);
        File.WriteAllBytes(file, bytes);
        Refused(folder.Path, message);
    }

    [Fact]
    public void A_dtype_that_is_not_read_is_named()
    {
        using TempFolder folder = new();
        string file = Path.Combine(HandMade.Copy(SharedData.Require(Tiny), folder), ShardSet.SingleFile);
        string latin = Encoding.Latin1.GetString(File.ReadAllBytes(file));
        int at = latin.IndexOf("F32", latin.IndexOf("\"model.norm.weight\"", StringComparison.Ordinal), StringComparison.Ordinal);
        File.WriteAllBytes(file, Encoding.Latin1.GetBytes(latin.Remove(at, 3).Insert(at, "I32")));
        Refused(folder.Path, "model.norm.weight has dtype I32");
    }

    [Fact]
    public void A_value_that_overflows_the_wanted_dtype_is_refused()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("x.safetensors"), HandMade.OneTensor(1, 70000));
        LibTorch.Load();
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("x.safetensors"));
        Assert.Contains("too large",
            Assert.Throws<InputException>(() => file.Read("w", ScalarType.Float16, CPU)).Message, StringComparison.Ordinal);
        using Tensor half = file.Read("w", ScalarType.BFloat16, CPU);
        Assert.Equal(70144f, half[1].to(ScalarType.Float32).item<float>()); // the nearest bf16
    }

    [Fact]
    public void Folders_without_usable_weights()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("pytorch_model.bin"), [0]);
        Assert.Contains("pickles", Assert.Throws<InputException>(() => ShardSet.Open(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File(ShardSet.SingleFile), HandMade.OneTensor(1));
        File.WriteAllText(folder.File(ShardSet.IndexFile), "{}");
        Assert.Contains("both", Assert.Throws<InputException>(() => ShardSet.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loading_does_not_double_the_memory_of_the_weights()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        using TempFolder folder = new();
        (int code, string output, string error) = await ChildProcess.Run("memory", folder.Path);
        Assert.True(code == 0, error);
        Assert.InRange(long.Parse(output), LargeBytes, LargeBytes * 13 / 10);
    }

    private const long LargeBytes = 128 << 20;

    /// <summary>In a child process: loads a file of <see cref="LargeBytes"/> and prints how far the resident memory rose at most.</summary>
    internal static void PrintPeakOfLoading(string folder)
    {
        string path = Path.Combine(folder, "large.safetensors");
        byte[] head = HandMade.Safetensors(
            $$$"""{"w":{"dtype":"F32","shape":[{{{LargeBytes / 4}}}],"data_offsets":[0,{{{LargeBytes}}}]}}""", 0);
        using (FileStream stream = File.Create(path))
        {
            stream.Write(head);
            stream.SetLength(head.Length + LargeBytes);
        }

        LibTorch.Load();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        File.WriteAllText("/proc/self/clear_refs", "5"); // resets the peak
        long before = Peak();
        using Tensor tensor = file.Read("w", ScalarType.Float32, CPU);
        Console.Write(Peak() - before);
        static long Peak()
        {
            string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.Split(':')[1].Replace("kB", "", StringComparison.Ordinal)) * 1024;
        }
    }

    private static void Refused(string folder, string message)
    {
        InputException e = Assert.Throws<InputException>(() => new Weights(folder).Dispose());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private sealed class Weights : IDisposable
    {
        private readonly DisposeScope _scope;

        public Weights(string folder, ScalarType dtype = ScalarType.Float32)
        {
            LibTorch.Load();
            _scope = NewDisposeScope();
            try
            {
                All = WeightFolder.LoadWeights(folder, ConfigFile.Load(folder), dtype, CPU);
            }
            catch
            {
                _scope.Dispose();
                throw;
            }
        }

        public Dictionary<string, Tensor> All { get; }

        public void Dispose() => _scope.Dispose();
    }
}
