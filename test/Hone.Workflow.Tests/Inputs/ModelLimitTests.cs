using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Inputs;

/// <summary>Rows that are too long for the recipe or for the model are dropped and counted; none of them ends a run.</summary>
public sealed class ModelLimitTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_row_of_6_megabytes_is_dropped_as_too_long_and_training_goes_on_with_the_next()
    {
        ModelText text = Load("""{"max_position_embeddings": 512}""");
        string rows = _folder.File("huge.jsonl");
        string[] prompts = [string.Concat(Enumerable.Repeat("a ", 3_000_000)), "x"];
        File.WriteAllLines(rows, prompts.Select(p => System.Text.Json.JsonSerializer.Serialize(
            new { messages = new[] { new { role = "user", content = p }, new { role = "assistant", content = "y" } } })));
        Recipe recipe = ResolvedRecipe.Parse($"data: {{sft: [{rows}], held_out: {{sft: 0}}}}", "recipe").Value;
        List<string> report = [];
        (IReadOnlyList<SftExample> train, _) = FileInputs.Sft(recipe, text, report);
        Assert.Single(train);
        Assert.Contains(report, line => line.Contains("too_long 1", StringComparison.Ordinal));

        string pairs = _folder.File("pairs.jsonl");
        File.WriteAllLines(pairs,
            prompts.Select(p => System.Text.Json.JsonSerializer.Serialize(new { prompt = p, chosen = "a", rejected = "b" })));
        recipe = ResolvedRecipe.Parse($"data: {{preferences: [{pairs}], prompts: [{pairs}], held_out: {{reward: 0}}}}", "recipe").Value;
        (IReadOnlyList<PreferenceExample> kept, _) = FileInputs.Preferences(recipe, text, TrainingRows.RewardLengths(recipe, text), report);
        Assert.Single(kept);
        Assert.Single(
            FileInputs.FittingPrompts(recipe, recipe.Data.Prompts, "prompts", text, TrainingRows.DpoLengths(recipe.Online, text), report));
    }

    [Theory]
    [InlineData("""{"max_position_embeddings": 64}""", 64)]
    [InlineData("""{"max_position_embeddings": 64, "rope_scaling": {"type": "dynamic", "factor": 2}}""", null)]
    [InlineData("""{"max_position_embeddings": 64, "rope_parameters": {"rope_type": "dynamic"}}""", null)]
    [InlineData("""{"max_position_embeddings": "many"}""", null)]
    [InlineData("not JSON", null)]
    public void Limits_are_the_recipes_or_the_models_context_whichever_is_shorter(string config, int? context)
    {
        ModelText text = Load(config);
        Recipe recipe = ResolvedRecipe.Parse("", "recipe").Value;
        Assert.Equal(context, text.Context);
        Assert.Equal(Math.Min(recipe.Sft.MaxLength, context ?? int.MaxValue), TrainingRows.SftLengths(recipe, text).MaxLength);
        Assert.Equal(Math.Min(recipe.Reward.MaxLength, context ?? int.MaxValue), TrainingRows.RewardLengths(recipe, text).MaxLength);
        LengthRule online = TrainingRows.DpoLengths(recipe.Online, text);
        Assert.Equal(
            (Math.Min(recipe.Online.MaxLength, context ?? int.MaxValue), Math.Min(recipe.Online.MaxPromptLength, context ?? int.MaxValue)),
            (online.MaxLength, online.MaxPromptLength!.Value));
        Assert.Equal(context is not null, TrainingRows.ContextNote("sft", recipe.Sft.MaxLength, text) is not null);
    }

    private ModelText Load(string config)
    {
        string model = _folder.File("model");
        WorldTokenizer.Write(model);
        const string Shape = """
            {"model_type": "llama", "vocab_size": 512, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
             "num_attention_heads": 1,
            """;
        File.WriteAllText(Path.Combine(model, "config.json"), config.StartsWith('{') ? Shape + config[1..] : config);
        return ModelText.Load(model);
    }
}
