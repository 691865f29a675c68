using System.Diagnostics;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// Model folders that somebody made to do harm. Each test is named after what it refuses, with the published incident where
/// there is one; all are made by hand.
/// </summary>
public class HostileFolderTests
{
    private const string Shard = "model-00001-of-00001.safetensors";

    [Theory]
    [InlineData("../model-00001-of-00001.safetensors")]
    [InlineData("..")]
    [InlineData("sub/x.safetensors")]
    [InlineData("/etc/x.safetensors")]
    [InlineData("..\\x.safetensors")]
    [InlineData("sub\\..\\..\\x.safetensors")]
    [InlineData("C:\\x.safetensors")]
    [InlineData("C:x.safetensors")]
    [InlineData("\\\\server\\share\\x.safetensors")]
    [InlineData("//server/share/x.safetensors")]
    [InlineData("x\0.safetensors")]
    [InlineData("CON.safetensors")]
    [InlineData("x.safetensors.")]
    [InlineData("x.safetensors ")]
    [InlineData("config.json")]
    [InlineData("")]
    public void CVE_2026_119979_an_index_names_only_files_of_its_folder(string name)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File(Shard), HandMade.OneTensor(1));
        WriteIndex(folder, ("w", name));
        Refused(folder, "no safetensors file of this folder");
    }

    [Fact]
    public void A_shard_that_is_missing_or_a_folder_is_named()
    {
        using TempFolder folder = new();
        WriteIndex(folder, ("w", Shard));
        Refused(folder, $"Shard {Shard}, named by the index, is missing");
        Directory.CreateDirectory(folder.File(Shard));
        Refused(folder, $"Shard {Shard}, named by the index, is missing");
    }

    [Fact]
    public void The_same_tensor_in_two_shards_is_refused()
    {
        using TempFolder folder = new();
        foreach (string file in new[] { "a.safetensors", "b.safetensors" }) File.WriteAllBytes(folder.File(file), HandMade.OneTensor(1));
        WriteIndex(folder, ("w", "a.safetensors"), ("v", "b.safetensors"));
        Refused(folder, "Tensor w is in two shards");
    }

    [Theory]
    [InlineData("""{"weight_map":{"w":"a.safetensors","w":"b.safetensors"}}""", "not valid")]
    [InlineData("""{"weight_map":{"w":7}}""", "no safetensors file")]
    [InlineData("""{"weight_map":["w"]}""", "no weight_map")]
    [InlineData("""{"weight_map":{"w":"\ud800.safetensors"}}""", "not valid")]
    [InlineData("""[]""", "not an object")]
    public void An_index_of_another_form_is_refused(string index, string message)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(ShardSet.IndexFile), index);
        Refused(folder, message);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Deep_nesting_in_config_or_index_is_an_error_and_not_the_end_of_the_process(int depth)
    {
        using TempFolder folder = new();
        string nested = "{\"a\":" + string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth)) + "}";
        foreach (string name in new[] { ConfigFile.Name, ShardSet.IndexFile }) File.WriteAllText(folder.File(name), nested);
        Assert.Throws<InputException>(() => ConfigFile.Load(folder.Path));
        Assert.Throws<InputException>(() => ShardSet.Open(folder.Path));
    }

    [Theory]
    [InlineData("vocab_size", "2147483648")]
    [InlineData("vocab_size", "9223372036854775807")]
    [InlineData("hidden_size", "1e18")]
    [InlineData("intermediate_size", "-9223372036854775808")]
    [InlineData("num_hidden_layers", "1000000000")]
    [InlineData("max_position_embeddings", "99999999999999999999")]
    public void Sizes_beyond_any_model_are_refused_by_key(string key, string value)
    {
        using TempFolder folder = new();
        JsonObject config = LargestConfig();
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File(ConfigFile.Name), config.ToJsonString());
        Assert.Contains(key, Assert.Throws<InputException>(() => ConfigFile.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_that_asks_for_petabytes_is_refused_within_a_second_and_without_the_memory()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File(ConfigFile.Name), LargestConfig().ToJsonString());
        File.WriteAllBytes(folder.File(ShardSet.SingleFile), HandMade.OneTensor(1));
        LibTorch.Load();
        TransformerConfig config = ConfigFile.Load(folder.Path); // every value is within its range; together: 1.4 PB
        Assert.True(WeightNames.Of(config).Sum(w => w.Shape.Aggregate(4m, (size, d) => size * d)) > 1e15m);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        InputException e = Assert.Throws<InputException>(() => WeightFolder.LoadWeights(folder.Path, config, ScalarType.Float32, CPU));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        Assert.Contains("is missing", e.Message, StringComparison.Ordinal);
        Assert.InRange(e.Message.Length, 1, 2000);
    }

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/dev/urandom")]
    public void A_link_to_a_device_without_end_is_refused(string device)
    {
        Assert.SkipUnless(File.Exists(device), $"{device} is not there");
        using TempFolder folder = new();
        foreach (string name in new[] { ConfigFile.Name, ShardSet.SingleFile, ShardSet.IndexFile })
            File.CreateSymbolicLink(folder.File(name), device);
        Assert.Throws<InputException>(() => ConfigFile.Load(folder.Path));
        Assert.Throws<InputException>(() => SafetensorsFile.Open(folder.File(ShardSet.SingleFile)));
        File.Delete(folder.File(ShardSet.SingleFile));
        Assert.Throws<InputException>(() => ShardSet.Open(folder.Path));
    }

    [Fact]
    public void A_link_out_of_the_folder_is_not_copied_into_a_model_that_may_be_published()
    {
        using TempFolder root = new();
        Directory.CreateDirectory(root.File("model"));
        File.WriteAllText(root.File("token"), "hf_canary");
        LinkOrSkip(root.File("model/merges.txt"), "../token");
        InputException e = Assert.Throws<InputException>(() => Save(root.File("out"), root.File("model")));
        Assert.Contains("outside the model folder", e.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(root.File("out")));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(root.Path, "*", SearchOption.AllDirectories)
                .Where(f => f != root.File("token") && new FileInfo(f).LinkTarget is null),
            f => File.ReadAllText(f).Contains("hf_canary", StringComparison.Ordinal));
    }

    [Fact]
    public void Links_as_in_the_cache_of_Hugging_Face_are_followed()
    {
        using TempFolder root = new();
        string snapshot = root.File("snapshots/abc");
        Directory.CreateDirectory(snapshot);
        Directory.CreateDirectory(root.File("blobs"));
        File.WriteAllText(root.File("blobs/1"), "merges");
        File.WriteAllBytes(root.File("blobs/2"), HandMade.OneTensor(1));
        LinkOrSkip(Path.Combine(snapshot, "merges.txt"), "../../blobs/1");
        LinkOrSkip(Path.Combine(snapshot, ShardSet.SingleFile), "../../blobs/2");
        using (ShardSet shards = ShardSet.Open(snapshot)) Assert.Equal(["w"], shards.Names);
        Save(root.File("out"), snapshot);
        Assert.Equal("merges", File.ReadAllText(root.File("out/merges.txt")));
        Assert.Null(new FileInfo(root.File("out/merges.txt")).LinkTarget);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_weight_that_is_no_number_is_refused_by_name(float value)
    {
        using TempFolder folder = new();
        float[] values = new float[1000];
        values[777] = value;
        File.WriteAllBytes(folder.File("x.safetensors"), HandMade.OneTensor(values));
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("x.safetensors"));
        Assert.Contains("Tensor w holds NaN or infinite values",
            Assert.Throws<InputException>(() => file.Read("w", ScalarType.Float32, CPU)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2025_32444_pickles_are_never_read()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File("pytorch_model.bin"), [0x80, 2, (byte)'c', (byte)'o', (byte)'s']);
        Refused(folder, "Python pickles, which can run code and are not read");
    }

    [Theory]
    [InlineData("auto_map", """{"AutoModelForCausalLM":"modeling_x.X"}""")] // CVE-2026-22807
    [InlineData("architectures", """["EvilForCausalLM"]""")]
    public void CVE_2026_22807_a_config_that_names_code_is_refused(string key, string value)
    {
        using TempFolder folder = new();
        JsonObject config = LargestConfig();
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File(ConfigFile.Name), config.ToJsonString());
        File.WriteAllText(folder.File("modeling_x.py"), "raise SystemExit");
        Assert.Contains(key, Assert.Throws<InputException>(() => ConfigFile.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    // Every size at the top of its range.
    private static JsonObject LargestConfig() => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = 1 << 24,
        ["hidden_size"] = 1 << 17,
        ["intermediate_size"] = 1 << 20,
        ["num_hidden_layers"] = 1 << 10,
        ["num_attention_heads"] = 1 << 12,
        ["num_key_value_heads"] = 1 << 12,
        ["max_position_embeddings"] = 1 << 27,
    };

    private static void Save(string target, string source)
    {
        LibTorch.Load();
        using var scope = NewDisposeScope();
        CheckpointFolder.Save(target, RandomWeights.Create(TinyLlama.Config, 1), TinyLlama.Config, ScalarType.Float32, source);
    }

    private static void WriteIndex(TempFolder folder, params (string Tensor, string File)[] entries)
    {
        JsonObject fileOf = new(entries.Select(e => KeyValuePair.Create(e.Tensor, (JsonNode?)e.File)));
        File.WriteAllText(folder.File(ShardSet.IndexFile), new JsonObject { ["weight_map"] = fileOf }.ToJsonString());
    }

    private static void Refused(TempFolder folder, string message) =>
        Assert.Contains(message, Assert.Throws<InputException>(() => ShardSet.Open(folder.Path)).Message, StringComparison.Ordinal);

    private static void LinkOrSkip(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"links cannot be made here: {e.Message}");
        }
    }
}
