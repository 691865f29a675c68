using Hone.Inference;
using System.Text.Json;
using Hone.Runs.Recipes;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Stages;

/// <summary>
/// Options that say which rows a stage is given are seen in the rows: changing one changes the content of exactly the parts
/// that it should, in a run on files and in one on the embedded world.
/// </summary>
public sealed class RowIdentityTests : IDisposable
{
    private const string Sft = "sft held-out-sft", Pairs = "preferences held-out-preferences",
        Prompts = "iteration-1 iteration-2 selection test";

    private readonly TempFolder _folder = new();
    private readonly ModelText _text;

    public RowIdentityTests()
    {
        WorldTokenizer.Write(_folder.File("model"));
        _text = ModelText.Load(_folder.File("model"));
        SmallWorld world = SmallWorld.Create(1);
        WriteRows("sft.jsonl", world.Conversations(WorldSplit.Sft, 30),
            c => new { messages = c.Messages.Select(m => new { role = m.Role, content = m.Content }) });
        WriteRows("pairs.jsonl", world.Preferences(WorldSplit.Labels, 12, 2).SelectMany(r => r.Pairs()),
            p => new { prompt = p.Prompt[0].Content, chosen = p.Chosen, rejected = p.Rejected });
        WriteRows("prompts.jsonl", world.Prompts(WorldSplit.Test, 40), p => new { prompt = p });
        WriteRows("test.jsonl", world.Prompts(WorldSplit.Selection, 5), p => new { prompt = p });
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("seed=43", $"{Sft} {Pairs} {Prompts}")]
    [InlineData("data.held_out.sft=5", Sft)]
    [InlineData("data.held_out.reward=3", Pairs)]
    [InlineData("data.held_out.selection=5", Prompts)]
    [InlineData("data.held_out.test=7", "iteration-1 iteration-2 test")]
    [InlineData("data.limits.sft=9", "sft")]
    [InlineData("data.limits.preferences=3", "preferences")]
    [InlineData("data.weights.sft=[0.5]", Sft)]
    [InlineData("data.weights.preferences=[0.5]", Pairs)]
    [InlineData("data.weights.prompts=[0.9]", Prompts)]
    [InlineData("sft.loss_on=all", Sft)]
    [InlineData("sft.packing_length=32", "sft")]
    [InlineData("online.prompts_per_iteration=9", "iteration-1 iteration-2")]
    [InlineData("online.iterations=3", "iteration-3")]
    [InlineData("evaluation.prompts=test.jsonl", "iteration-1 iteration-2 test")]
    [InlineData("sft.max_length=8191", "")] // no row is that long: nothing is done again
    [InlineData("sft.too_long=keep_end_of_prompt", "")]
    [InlineData("online.beta=0.2", "")]
    public void From_files(string set, string changed) => AssertChanged(
        """
        data:
          {sft: sft.jsonl, preferences: pairs.jsonl, prompts: prompts.jsonl,
          held_out: {sft: 4, reward: 2, selection: 4, test: 6}, limits: {sft: 20}}
        online: {iterations: 2, prompts_per_iteration: 8, max_new_tokens: 16}
        """, set, changed, r => FileInputs.Load(r, _text));

    [Theory]
    [InlineData("seed=43", $"{Sft} {Pairs} {Prompts}")]
    [InlineData("data.held_out.test=7", "test")]
    [InlineData("data.held_out.selection=7", "selection")]
    [InlineData("data.limits.preferences=18", "preferences")]
    [InlineData("online.prompts_per_iteration=9", "iteration-1 iteration-2")]
    [InlineData("online.iterations=3", "iteration-3")]
    public void From_the_world(string set, string changed) => AssertChanged(
        """
        data: {world: tiny, held_out: {sft: 4, reward: 6, selection: 4, test: 6}, limits: {sft: 20, preferences: 12}}
        online: {iterations: 2, prompts_per_iteration: 8}
        """, set, changed, r => WorldInputs.Create(r, _text));

    private void WriteRows<T>(string name, IEnumerable<T> rows, Func<T, object> row) =>
        File.WriteAllLines(_folder.File(name), rows.Select(r => JsonSerializer.Serialize(row(r))));

    private void AssertChanged(string yaml, string set, string changed, Func<Recipe, RunInputs> load)
    {
        Recipe Parse(params RecipeOverride[] with) => ResolvedRecipe.Parse(yaml, _folder.File("recipe.yaml"), with).Value;
        string[] parts = set.Split('=');
        RecipeOverride change = parts[0] == "evaluation.prompts"
            ? RecipeOverride.Set($"{parts[0]}={_folder.File(parts[1])}")
            : RecipeOverride.Set(set);
        Dictionary<string, string> before = Digests(load(Parse())), after = Digests(load(Parse(change)));
        string[] differing = [.. before.Keys.Union(after.Keys).Where(k => before.GetValueOrDefault(k) != after.GetValueOrDefault(k))];
        Assert.Equal(changed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), differing.Order());
    }

    private static Dictionary<string, string> Digests(RunInputs inputs)
    {
        Dictionary<string, string> digests = new()
        {
            ["sft"] = RowDigest.Of(inputs.Sft),
            ["held-out-sft"] = RowDigest.Of(inputs.SftHeldOut),
            ["preferences"] = RowDigest.Of(inputs.Preferences),
            ["held-out-preferences"] = RowDigest.Of(inputs.PreferencesHeldOut),
            ["selection"] = RowDigest.Of(inputs.Selection),
            ["test"] = RowDigest.Of(inputs.Test),
        };
        for (int t = 0; t < inputs.IterationPrompts.Count; t++) digests[$"iteration-{t + 1}"] = RowDigest.Of(inputs.IterationPrompts[t]);
        return digests;
    }
}
