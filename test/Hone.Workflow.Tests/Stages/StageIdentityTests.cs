using System.Reflection;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow.Tests.Stages;

/// <summary>
/// Every key of the recipe, found by reflection: changing it changes the identity of exactly the stages that it should, or it
/// is marked as changing no result, or it is seen in what the stages are given. A new key fails here until it is placed.
/// </summary>
public sealed class StageIdentityTests : IDisposable
{
    private const string Nothing = "",
        All = "sft preferences reward reward-check offline-dpo online-1/samples online-1/pairs online-1/dpo online-2/dpo select "
        + "evaluate people";
    private const string Scoring = "reward-check offline-dpo online-1/pairs select evaluate people";
    private const string OnlineTraining = "online-1/dpo online-2/dpo";

    // Keys whose section does not say where they go.
    private static readonly Dictionary<string, string> s_expected = new()
    {
        ["seed"] = All,
        ["precision"] = All,
        ["sft.micro_batch_tokens"] = "sft " + Scoring,
        ["offline_dpo.max_length"] = "offline-dpo",
        ["offline_dpo.max_prompt_length"] = "offline-dpo",
        ["offline_dpo.too_long"] = "offline-dpo",
        ["offline_dpo.beta_sweep"] = Nothing, // each is a stage of its own
        ["online.samples"] = "online-1/samples",
        ["sampling.format"] = "online-1/samples preferences reward-check",
        ["online.max_new_tokens"] = "online-1/samples preferences reward-check",
        ["online.method"] = "online-1/pairs " + OnlineTraining,
        ["online.pairs"] = "online-1/pairs",
        ["online.length_penalty"] = "online-1/pairs",
        ["online.length_unit"] = "online-1/pairs",
        ["online.exclude_unfinished"] = "online-1/pairs",
        ["online.learning_rate_decay"] = "online-2/dpo", // the first iteration has the full rate
        ["online.eval_every"] = Nothing, // there are no held-out pairs
        ["evaluation.temperature"] = "select evaluate",
        ["evaluation.max_new_tokens"] = "select evaluate",
        ["evaluation.bootstrap_samples"] = "reward-check",
    };

    /// <summary>Seen in rows, by their content, or in models, by their digest: <see cref="RowIdentityTests"/> shows that.</summary>
    private static readonly string[] s_given =
    [
        "model", "template", "sft.loss_on", "sft.too_long", "sft.packing_length", "sft.max_length", "reward.start_from", "reward.too_long",
            "reward.max_length",
        "online.judge", "online.iterations", "online.prompts_per_iteration", "online.reference", "online.max_kl", "online.max_length",
        "online.max_prompt_length",
        "evaluation.prompts",
    ];

    /// <summary>How, whether or how well kept a stage is done; or made anew by every process.</summary>
    private static readonly string[] s_noResult =
    [
        "name", "license", "device", "sft.enabled", "reward.enabled", "offline_dpo.enabled", "online.enabled", "evaluation.enabled",
        "sft.save_every", "reward.save_every", "offline_dpo.save_every", "online.save_every", "save.keep_checkpoints",
        "save.shard_megabytes",
        "report.samples", "report.mlflow", "sampling.max_kl_from_training",
        "ranks.engine", "ranks.deterministic", "ranks.shard_optimizer", // to fp32 rounding, or to the bit
        "workers", "worker.refresh", "worker.tolerance", "worker.requests", "worker.timeout", // answers are the policy's own either way
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Keys => [.. Walk(typeof(Recipe), "").Select(k => k.Path)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_changes_the_stages_that_it_should(string path)
    {
        Recipe before = new(), after = Changed(before, path);
        Assert.NotEqual(RecipeText.Flatten(before), RecipeText.Flatten(after));
        Dictionary<string, StageInputs> a = Identities(before), b = Identities(after);
        string[] changed = [.. a.Keys.Where(stage => b[stage].Differences(a[stage].Values).Count > 0)];
        Assert.Equal(Expected(path).Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), changed.Order());
    }

    /// <summary>The difference is told by the recipe's own key, so that it can be undone.</summary>
    [Fact]
    public void What_changed_is_named_as_in_the_recipe()
    {
        foreach ((string path, _) in Walk(typeof(Recipe), "")
            .Where(k => Expected(k.Path) != Nothing && k.Path != "online.learning_rate_decay"))
        {
            Dictionary<string, StageInputs> a = Identities(new Recipe()), b = Identities(Changed(new Recipe(), path));
            Assert.All(a.Keys.SelectMany(s => b[s].Differences(a[s].Values)), d => Assert.StartsWith(path, d, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Marks_and_lists_agree()
    {
        Assert.Equal(s_noResult.Order(), Walk(typeof(Recipe), "").Where(k => !k.Key.ChangesResult).Select(k => k.Path).Order());
        string[] known = [.. Walk(typeof(Recipe), "").Select(k => k.Path)];
        Assert.Empty(s_expected.Keys.Concat(s_given).Concat(s_noResult).Except(known));
    }

    private static string Expected(string path)
    {
        if (s_expected.TryGetValue(path, out string? stages)) return stages;
        if (s_noResult.Contains(path) || s_given.Contains(path) || path.StartsWith("data.", StringComparison.Ordinal)) return Nothing;
        // What is left trains: the keys that the record of each training stage declares or inherits.
        string[] parts = path.Split('.');
        Assert.True(parts.Length == 2, $"{path}: what depends on this key?");
        return parts[0] switch
        {
            "adapter" => "sft reward offline-dpo " + OnlineTraining,
            "sft" => "sft",
            "reward" => "reward",
            "offline_dpo" => "offline-dpo",
            "online" when typeof(DpoOptions).GetProperties().Any(p => OptionKey.SnakeCase(p.Name) == parts[1]) => OnlineTraining,
            _ => throw new Xunit.Sdk.XunitException($"{path}: what depends on this key?"),
        };
    }

    /// <summary>The identity of each stage of a run with nothing to learn from: of rows and models that stay as they are.</summary>
    private Dictionary<string, StageInputs> Identities(Recipe recipe)
    {
        RunInputs data = RunInputs.None;
        HumanAnswer[] people = [new([ChatMessage.User("a")], "b")];
        string file = _folder.File("model");
        File.WriteAllText(file, "weights");
        ModelRef model = ModelRef.FromFolder(file);
        StageFolder done = Done();
        var identity = new StageIdentity(recipe);
        return new()
        {
            ["sft"] = identity.Sft(data, model),
            ["preferences"] = identity.Preferences(people, 1, model),
            ["reward"] = identity.Reward(data, model),
            ["reward-check"] = identity.RewardCheck(data, model, model),
            ["offline-dpo"] = identity.OfflineDpo(recipe.OfflineDpo, data, model),
            ["online-1/samples"] = identity.Samples([], model),
            ["online-1/pairs"] = identity.Pairs(model, model, done),
            ["online-1/dpo"] = identity.OnlineDpo(OnlineIteration.Options(recipe.Online, 1), done, model),
            ["online-2/dpo"] = identity.OnlineDpo(OnlineIteration.Options(recipe.Online, 2), done, model),
            ["select"] = identity.Evaluation([], false, null, model, model, model),
            ["evaluate"] = identity.Evaluation([], true, people, model, model, model),
            ["people"] = identity.People(people, model),
        };
    }

    private StageFolder Done()
    {
        using var metrics = new RunMetrics(_folder.File("metrics.jsonl"));
        StageFolder stage = new StageStore(_folder.Path, metrics, new KnownDigests(_folder.Path), DurableFiles.Instance, 1, _ => { })
            .Open("done", new StageInputs());
        if (!stage.Finished) stage.Finish();
        return stage;
    }

    private static IEnumerable<(string Path, OptionKey Key)> Walk(Type type, string prefix) => OptionKey.Of(type).SelectMany(key =>
        OptionKey.IsSection(key.Type) ? Walk(key.Type, $"{prefix}{key.Name}.") : [($"{prefix}{key.Name}", key)]);

    /// <summary>The recipe with another value at a key; option records are copied, all else in them is as it was.</summary>
    private static Recipe Changed(Recipe recipe, string path) => (Recipe)With(recipe, path.Split('.'));

    private static object With(object record, string[] path)
    {
        object copy = record.GetType().GetMethod("<Clone>$")!.Invoke(record, null)!;
        PropertyInfo property = OptionKey.Of(record.GetType()).Single(k => k.Name == path[0]).Property;
        object? value = property.GetValue(record);
        property.SetValue(copy, path.Length > 1 ? With(value!, path[1..]) : Other(property.PropertyType, value));
        return copy;
    }

    private static object Other(Type type, object? value) => value switch
    {
        bool b => !b,
        int i => i + 1,
        double d => d + 0.125,
        Enum e => Enum.GetValues(type).Cast<object>().FirstOrDefault(o => !o.Equals(e)) ?? Enum.ToObject(type, 1),
        string s => s + "x",
        IReadOnlyList<string> list => (string[])[.. list, "x"],
        IReadOnlyList<double> list => (double[])[.. list, 1],
        IReadOnlyList<SampleOptions> list => (SampleOptions[])[.. list, new()],
        null when Nullable.GetUnderlyingType(type) == typeof(int) => 2,
        null => 0.125,
        _ => throw new InvalidOperationException($"{type} has no other value here"),
    };
}
