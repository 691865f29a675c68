using Hone.Runs.Recipes;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Inputs;

/// <summary>A text file of paragraphs in the embedded world's words, its base model, and a recipe for both.</summary>
internal static class StoryWorld
{
    // Few of the world's first sentences are distinct.
    public const int Paragraphs = 1000;

    public const string Yaml = """
        name: stories
        device: cpu
        model: base
        data:
          stories: {files: stories.txt, rejected: 2}
          held_out: {sft: 4, reward: 8, selection: 4, test: 6}
          limits: {sft: 24, preferences: 12}
        sft: {batch_size: 8, max_length: 128, learning_rate: 1e-3, micro_batch_tokens: 1024}
        reward: {batch_size: 8, max_length: 128, learning_rate: 1e-3, micro_batch_tokens: 1024}
        offline_dpo: {enabled: false, max_length: 128, max_prompt_length: 64}
        online:
          {iterations: 1, prompts_per_iteration: 6, samples: [{count: 3, temperature: 1.0}], max_new_tokens: 60, epochs: 1,
          learning_rate: 1e-4, batch_size: 4, max_length: 128, max_prompt_length: 64, micro_batch_tokens: 1024}
        evaluation: {temperature: 1.0, max_new_tokens: 60, bootstrap_samples: 100}
        """;

    public static ResolvedRecipe Write(TempFolder folder)
    {
        WorldBaseModel.Write(folder.File("base"));
        File.WriteAllText(folder.File("stories.txt"), string.Join("\n\n", Answers(Paragraphs)));
        return ResolvedRecipe.Parse(Yaml, folder.File("recipe.yaml"));
    }

    public static string[] Answers(int count) =>
        [.. SmallWorld.Create(3).Conversations(WorldSplit.Sft, count).Select(c => c.Messages[^1].Content)];
}
