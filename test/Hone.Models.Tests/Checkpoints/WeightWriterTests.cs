using Hone.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class WeightWriterTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_is_saved_is_loaded_again_bit_for_bit(bool tied, bool reward)
    {
        using TempFolder folder = new();
        using Model model = new(tied, reward);
        Save(folder.File("a"), model);
        using Model loaded = new(folder.File("a"));
        Assert.Equal(model.Weights.Keys.Order(), loaded.Weights.Keys.Order());
        Assert.All(model.Weights, w => Assert.True(HandMade.SameBits(w.Value, loaded.Weights[w.Key]), w.Key));
        Save(folder.File("b"), loaded);
        Assert.Equal(File.ReadAllBytes(folder.File("a/model.safetensors")), File.ReadAllBytes(folder.File("b/model.safetensors")));
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_order_of_the_dictionary()
    {
        using TempFolder folder = new();
        using Model model = new(tied: true, reward: false);
        WeightWriter.SaveWeights(folder.File("a"), model.Weights, model.Config, ScalarType.BFloat16, 1000);
        Dictionary<string, Tensor> reversed = new(model.Weights.Reverse());
        WeightWriter.SaveWeights(folder.File("b"), reversed, model.Config, ScalarType.BFloat16, 1000);
        string[] names = [.. Directory.GetFiles(folder.File("a")).Select(f => Path.GetFileName(f)!).Order()];
        Assert.True(names.Length > 3);
        Assert.Equal("model-00001-of-" + (names.Length - 1).ToString("D5") + ".safetensors", names[0]);
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(folder.File("a/" + n)), File.ReadAllBytes(folder.File("b/" + n))));
    }

    [Fact]
    public void Shards_hold_what_the_single_file_holds()
    {
        using TempFolder folder = new();
        using Model model = new(tied: false, reward: false);
        Save(folder.File("a"), model);
        CheckpointFolder.Save(folder.File("b"), model.Weights, model.Config, ScalarType.Float32, null, maxShardBytes: 1500);
        using Model single = new(folder.File("a")), sharded = new(folder.File("b"));
        Assert.All(single.Weights, w => Assert.True(HandMade.SameBits(w.Value, sharded.Weights[w.Key]), w.Key));
        Assert.All(Directory.GetFiles(folder.File("b"), "*.safetensors"), path =>
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.True(file.Header.Entries.Count == 1 || file.Header.Entries.Values.Sum(e => e.Length) <= 1500, path);
            Assert.Equal("pt", file.Header.Metadata["format"]);
            Assert.All(file.Header.Entries.Values, e => Assert.Equal(0, e.Offset % 2));
        });
    }

    [Fact]
    public void A_published_model_survives_saving_with_its_tokenizer()
    {
        string source = SharedData.Require("models/tinystories-656k-hf");
        using TempFolder folder = new();
        using Model model = new(source);
        CheckpointFolder.Save(folder.File("out"), model.Weights, model.Config, ScalarType.Float32, source);
        using Model again = new(folder.File("out"));
        Assert.All(model.Weights, w => Assert.True(HandMade.SameBits(w.Value, again.Weights[w.Key]), w.Key));
        foreach (string name in (string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(source, name)), File.ReadAllBytes(folder.File("out/" + name)));
        string generation = File.ReadAllText(folder.File("out/generation_config.json"));
        Assert.Contains("\"eos_token_id\": 2", generation, StringComparison.Ordinal);
        Assert.Contains("\"transformers_version\": \"4.41.2\"", generation, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path, "*" + Durable.PartialSuffix, SearchOption.AllDirectories));
    }

    [Fact]
    public void Stop_ids_of_both_configurations_are_joined()
    {
        string source = SharedData.Require("models/stories260K-hf"); // config: 2; generation_config: [1, 2]
        using TempFolder folder = new();
        using Model model = new(source);
        CheckpointFolder.Save(folder.File("out"), model.Weights, model.Config, ScalarType.BFloat16, source);
        System.Text.Json.JsonElement ids = JsonFile.ReadObject(folder.File("out/generation_config.json")).GetProperty("eos_token_id");
        Assert.Equal([2, 1], ids.EnumerateArray().Select(e => e.GetInt32()));
    }

    [Fact]
    public void An_output_folder_that_exists_is_refused_and_untouched()
    {
        using TempFolder folder = new();
        using Model model = new(tied: true, reward: false);
        Assert.Contains("exists already", Assert.Throws<InputException>(() => Save(folder.Path, model)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("model.safetensors"), "mine");
        Assert.Throws<InputException>(() => WeightWriter.SaveWeights(folder.Path, model.Weights, model.Config, ScalarType.Float32));
        Assert.Equal("mine", File.ReadAllText(folder.File("model.safetensors")));
    }

    [Fact]
    public void Weights_that_are_wrong_are_not_saved()
    {
        using TempFolder folder = new();
        using Model model = new(tied: true, reward: false);
        Tensor norm = model.Weights["model.norm.weight"];
        model.Weights["model.norm.weight"] = full(norm.shape, float.NaN);
        Assert.Contains("model.norm.weight",
            Assert.Throws<InvalidOperationException>(() => Save(folder.File("a"), model)).Message, StringComparison.Ordinal);
        model.Weights["model.norm.weight"] = full(norm.shape, 70000);
        Assert.Throws<InvalidOperationException>(
            () => CheckpointFolder.Save(folder.File("a"), model.Weights, model.Config, ScalarType.Float16, null));
        model.Weights["model.norm.weight"] = norm.unsqueeze(0);
        Assert.Throws<ArgumentException>(() => Save(folder.File("a"), model));
        model.Weights.Remove("model.norm.weight");
        Assert.Throws<ArgumentException>(() => Save(folder.File("a"), model));
        model.Weights["model.norm.weight"] = norm;
        model.Weights["extra"] = norm;
        Assert.Throws<ArgumentException>(() => Save(folder.File("a"), model));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData(16, "model-00001-of-")]
    [InlineData(40, "model-00003-of-")]
    [InlineData(76, "config.json")]
    public async Task A_full_disk_is_reported_and_leaves_nothing(int kilobytes, string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mounts a small disk");
        using TempFolder folder = new();
        (int code, string output, string error) = await ChildProcess.Run(
            "save", folder.Path,
            shell: "unshare -rm true || exit 77; exec unshare -rm sh -c "
                + $"'mount -t tmpfs -o size={kilobytes}k tmpfs {folder.Path} && exec \"$0\" \"$@\"'");
        Assert.SkipWhen(code == 77, "this system allows no private mounts");
        Assert.True(code == 2, error);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.Contains("No space left on device", error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    /// <summary>In a child process, on a small disk: saves a model in shards of about 20 kB; prints what is left after a failure.</summary>
    internal static void SaveInto(string disk)
    {
        using Model model = new(tied: false, reward: false, vocabulary: 300);
        try
        {
            CheckpointFolder.Save(Path.Combine(disk, "out"), model.Weights, model.Config, ScalarType.Float32, null, maxShardBytes: 20_000);
        }
        finally
        {
            foreach (string entry in Directory.GetFileSystemEntries(disk, "*", SearchOption.AllDirectories)) Console.Write(entry);
        }
    }

    private static void Save(string folder, Model model) =>
        CheckpointFolder.Save(folder, model.Weights, model.Config, ScalarType.Float32, null);

    private sealed class Model : IDisposable
    {
        private readonly DisposeScope _scope;

        public Model(bool tied, bool reward, int vocabulary = 23)
        {
            LibTorch.Load();
            _scope = NewDisposeScope();
            Config = new TransformerConfig
            {
                VocabularySize = vocabulary,
                HiddenSize = 16,
                IntermediateSize = 40,
                LayerCount = 2,
                HeadCount = 4,
                KeyValueHeadCount = 2,
                HeadDim = 6,
                MaxPositions = 64,
                TieEmbeddings = tied,
                IsRewardModel = reward,
                QueryKeyValueBias = true,
                AttentionOutputBias = true,
                EosIds = [2, 3],
            };
            using Generator generator = new(7);
            Weights = WeightNames.Of(Config).ToDictionary(w => w.Name, w => randn(w.Shape, generator: generator).requires_grad_(true));
        }

        public Model(string folder)
        {
            LibTorch.Load();
            _scope = NewDisposeScope();
            Config = ConfigFile.Load(folder);
            Weights = WeightFolder.LoadWeights(folder, Config, ScalarType.Float32, CPU);
        }

        public TransformerConfig Config { get; }

        public Dictionary<string, Tensor> Weights { get; }

        public void Dispose() => _scope.Dispose();
    }
}
