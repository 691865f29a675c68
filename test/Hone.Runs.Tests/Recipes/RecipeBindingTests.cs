using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Recipes;

public class RecipeBindingTests
{
    private static Recipe Bind(string yaml, params string[] sets) => Resolve(yaml, sets).Value;

    private static ResolvedRecipe Resolve(string yaml, params string[] sets) =>
        ResolvedRecipe.Parse(yaml, "/somewhere/recipe.yaml", [.. sets.Select(RecipeOverride.Set)]);

    private static InputException Refused(string yaml, params string[] sets) => Assert.Throws<InputException>(() => Bind(yaml, sets));

    [Fact]
    public void Nothing_written_gives_the_papers_values()
    {
        Recipe r = Bind("");
        Assert.Equal((1, 2e-5, 32, 8192), (r.Sft.Epochs, r.Sft.LearningRate, r.Sft.BatchSize, r.Sft.MaxLength));
        Assert.Equal((1, 2e-6, 512, 4096, 1e-3),
            (r.Reward.Epochs, r.Reward.LearningRate, r.Reward.BatchSize, r.Reward.MaxLength, r.Reward.WeightDecay));
        // Not the paper's 2048: a prompt of 1024 and 2048 sampled tokens must fit into training (trap 15).
        Assert.Equal((2, 5e-7, 128, 3072, 0.1),
            (r.Online.Epochs, r.Online.LearningRate, r.Online.BatchSize, r.Online.MaxLength, r.Online.Beta));
        Assert.Equal((3, 20_000, OnlineReference.Sft), (r.Online.Iterations, r.Online.PromptsPerIteration, r.Online.Reference));
        Assert.Equal([(4, 1.0), (4, 0.7)], r.Online.Samples.Select(s => (s.Count, s.Temperature)));
        Assert.Equal(1, r.OfflineDpo.Epochs);
    }

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        Recipe r = Bind("""
            name: "a.b"
            precision: bf16
            data: {sft: x.jsonl, prompts: [../p, /q], limits: {prompts: ~}}
            sft: {enabled: false, learning_rate: 3E-4, clip_norm: null, loss_on: all, packing_length: 64}
            reward:
            online:
              samples: [{count: 3}]
              pairs: max_second
              max_kl: 8
            """);
        Assert.Equal(("a.b", Precision.Bf16), (r.Name, r.Precision));
        Assert.Equal(["/somewhere/x.jsonl"], r.Data.Sft);
        Assert.Equal(["/p", "/q"], r.Data.Prompts);
        Assert.Equal((false, 3e-4, (double?)null, SftLoss.All, (int?)64),
            (r.Sft.Enabled, r.Sft.LearningRate, r.Sft.ClipNorm, r.Sft.LossOn, r.Sft.PackingLength));
        Assert.Equal([new SampleOptions { Count = 3, Temperature = 1.0 }], r.Online.Samples);
        Assert.Equal((PairRule.MaxSecond, (double?)8), (r.Online.Pairs, r.Online.MaxKl));
    }

    [Fact]
    public void Overrides_reach_list_elements_and_the_last_one_wins()
    {
        ResolvedRecipe r = Resolve("online:\n  beta: 0.3\n", "online.beta=0.2", "online.samples.1.temperature=0.5", "online.beta=0.25",
            "data.sft=[a, b]");
        Assert.Equal(0.25, r.Value.Online.Beta);
        Assert.Equal([(4, 1.0), (4, 0.5)], r.Value.Online.Samples.Select(s => (s.Count, s.Temperature)));
        Assert.Equal(Path.GetFullPath("a"), r.Value.Data.Sft[0]);
    }

    [Fact]
    public void Each_value_knows_where_it_came_from()
    {
        ResolvedRecipe r = ResolvedRecipe.Parse("seed: 1\nonline:\n  beta: 0.3\n  epochs: 1\n", "/x/recipe.yaml",
            RecipeOverride.Set("online.beta=0.2"), RecipeOverride.Flag("--device", "device", "cpu"));
        Assert.Equal("recipe.yaml:1", r.OriginOf("seed").ToString());
        Assert.Equal("/x/recipe.yaml:4:11", r.OriginOf("online.epochs").Where);
        Assert.Equal("--set online.beta=0.2", r.OriginOf("online.beta").ToString());
        Assert.Equal("--device cpu", r.OriginOf("device").ToString());
        Assert.Equal("default", r.OriginOf("online.samples.0.count").ToString());
    }

    [Theory]
    [InlineData("sft:\n  epochz: 2\n", "/somewhere/recipe.yaml:2:3", "unknown key 'epochz' in sft", "Did you mean 'epochs'?")]
    [InlineData("onlin: {}\n", "/somewhere/recipe.yaml:1:1", "unknown key 'onlin'", "Did you mean 'online'?")]
    [InlineData("sft:\n  batch-size: 2\n", "/somewhere/recipe.yaml:2:3", "unknown key 'batch-size'", "Did you mean 'batch_size'?")]
    [InlineData("sft:\n  xylophone: 2\n", "/somewhere/recipe.yaml:2:3", "unknown key 'xylophone'", "Known: enabled, epochs,")]
    [InlineData("online:\n  samples:\n    - count: 2\n      temprature: 1\n", "/somewhere/recipe.yaml:4:7", "in online.samples.0",
        "Did you mean 'temperature'?")]
    [InlineData("sft:\n  epochs: two\n", "/somewhere/recipe.yaml:2:11", "sft.epochs: expected a whole number, found 'two'", "")]
    [InlineData("sft: {epochs: 1.5}\n", "/somewhere/recipe.yaml:1:15", "sft.epochs: expected a whole number", "")]
    [InlineData("sft: {epochs: 99999999999}\n", "/somewhere/recipe.yaml:1:15", "sft.epochs: expected a whole number", "")]
    [InlineData("sft: {epochs: }\n", "/somewhere/recipe.yaml:1:", "sft.epochs: expected a value, found nothing", "")]
    [InlineData("sft: {enabled: yes}\n", "/somewhere/recipe.yaml:1:16", "expected true or false, found 'yes'", "")]
    [InlineData("sft: {learning_rate: .nan}\n", "/somewhere/recipe.yaml:1:22", "expected a number, found '.nan'", "")]
    [InlineData("sft: {learning_rate: NaN}\n", "/somewhere/recipe.yaml:1:22", "expected a number, found 'NaN'", "")]
    [InlineData("sft: {learning_rate: 1e999}\n", "/somewhere/recipe.yaml:1:22", "expected a number", "")]
    [InlineData("sft: {learning_rate: 0}\n", "/somewhere/recipe.yaml:1:22", "sft.learning_rate: '0' is not allowed",
        "Allowed: more than 0 to 1.")]
    [InlineData("sft: {warmup_ratio: 1.5}\n", "/somewhere/recipe.yaml:1:21", "sft.warmup_ratio: '1.5' is not allowed",
        "Allowed: from 0 to 1.")]
    [InlineData("precision: fp8\n", "/somewhere/recipe.yaml:1:12", "expected fp32 or bf16, found 'fp8'", "")]
    [InlineData("online: {pairs: max_mim}\n", "/somewhere/recipe.yaml:1:17", "found 'max_mim'", "Did you mean 'max_min'?")]
    [InlineData("online: {pairs: 0}\n", "/somewhere/recipe.yaml:1:17", "expected max_min or max_random or max_second", "")]
    [InlineData("device: gpu\n", "/somewhere/recipe.yaml:1:9", "device: 'gpu' is not allowed", "Allowed: auto, cpu, cuda or cuda:N.")]
    [InlineData("name: ../up\n", "/somewhere/recipe.yaml:1:7", "name: '../up' is not allowed", "Allowed: letters")]
    [InlineData("sft: 3\n", "/somewhere/recipe.yaml:1:6", "sft: expected keys, found '3'", "")]
    [InlineData("- sft\n", "/somewhere/recipe.yaml:1:1", "the recipe: expected keys, found a list", "")]
    [InlineData("seed: [1]\n", "/somewhere/recipe.yaml:1:7", "seed: expected a single value, found a list", "")]
    [InlineData("online: {samples: 8}\n", "/somewhere/recipe.yaml:1:19", "online.samples: expected a list, found '8'", "")]
    [InlineData("online: {samples: []}\n", "/somewhere/recipe.yaml:1:19", "online.samples: a list is not allowed",
        "Allowed: at least 1 element.")]
    [InlineData("online: {samples: [{count: 1}]}\n", "/somewhere/recipe.yaml:1:19", "online.samples: 1 answers per prompt", "")]
    [InlineData("data: {sft: ['']}\n", "/somewhere/recipe.yaml:1:14", "expected a path", "")]
    [InlineData("seed: 1\nseed: 2\n", "/somewhere/recipe.yaml:2:1", "the key 'seed' is given twice; first at line 1",
        "Remove one of them.")]
    [InlineData("offline_dpo: {max_prompt_length: 2048}\n", "/somewhere/recipe.yaml:1:34", "leaves no room for an answer", "")]
    [InlineData("data:\n  world: tiny\n  sft: x\n", "/somewhere/recipe.yaml:3:8", "files are given, but data.world is tiny", "")]
    [InlineData("sft: {packing_length: 9000}\n", "/somewhere/recipe.yaml:1:23", "more than sft.max_length 8192", "")]
    public void A_wrong_value_is_named_with_its_place(string yaml, string where, string what, string fix)
    {
        InputException e = Refused(yaml);
        Assert.StartsWith(where, e.Where, StringComparison.Ordinal);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.Contains(fix, e.Fix ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("online.betta=1", "unknown key 'betta' in online")]
    [InlineData("online.samples.2.count=1", "online.samples has no element '2'; it has 2")]
    [InlineData("online.samples.x.count=1", "online.samples has no element 'x'")]
    [InlineData("online.beta.x=1", "online.beta is a single value and has no key 'x'")]
    [InlineData("online.beta=big", "expected a number, found 'big'")]
    [InlineData("online=", "online: expected keys, found nothing")]
    [InlineData("online.beta", "expected key=value")]
    [InlineData("=1", "expected key=value")]
    [InlineData("online.beta=[", "not valid YAML")]
    [InlineData("online.beta=*x", "anchors and aliases")]
    public void A_wrong_override_is_named_as_it_was_typed(string set, string what)
    {
        InputException e = Refused("", set);
        Assert.Equal($"--set {set}", e.Where);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_has_a_comment_of_one_line()
    {
        Stack<Type> open = new([typeof(Recipe)]);
        int keys = 0;
        while (open.TryPop(out Type? type))
        {
            foreach (OptionKey key in OptionKey.Of(type))
            {
                keys++;
                Assert.True(key.Comment.EndsWith('.') && !key.Comment.Contains('\n', StringComparison.Ordinal), key.Name);
                Type of = OptionKey.ElementOf(key.Type) ?? key.Type;
                if (OptionKey.IsSection(of)) open.Push(of);
            }
        }
        Assert.InRange(keys, 80, 250);
    }

    [Theory]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ca", "abc", 3)]
    [InlineData("bata", "beta", 1)]
    [InlineData("btea", "beta", 1)]
    [InlineData("", "abc", 3)]
    public void Edits_are_counted(string a, string b, int edits) => Assert.Equal(edits, NearestName.Distance(a, b));
}
