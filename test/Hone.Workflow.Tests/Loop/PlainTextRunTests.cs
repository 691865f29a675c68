using Hone.Inference;
using System.Text.Json;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Workflow.Tests.Inputs;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.Loop;

public class PlainTextRunTests
{
    [Fact]
    public void Preferences_are_made_from_the_text_and_the_policys_own_answers()
    {
        using var temp = new TempFolder();
        ResolvedRecipe recipe = StoryWorld.Write(temp);
        var said = new StringWriter();
        RunResults results = Execute(recipe, temp.File("run"), said);

        PairRow[] pairs = [.. RowFile.ReadPairs(temp.File("run/preferences/train/pairs.jsonl"))];
        RunInputs inputs = StoryInputs.Create(recipe.Value, ModelText.Load(recipe.Value.Model));
        Assert.InRange(pairs.Length, 1, 24);
        Assert.All(pairs, p =>
        {
            Assert.Contains(inputs.Human!.Preferences, h => h.Prompt[0].Content == p.Prompt[0].Content && h.Answer == p.Chosen);
            Assert.NotEqual(p.Chosen, p.Rejected);
            Assert.Equal(p.ChosenIds![^1], p.RejectedIds![^1]); // both have ended
        });
        Assert.All(RowFile.ReadPairs(temp.File("run/preferences/held-out/pairs.jsonl")).CountBy(p => p.Prompt[0].Content),
            c => Assert.Equal(1, c.Value));

        Assert.Equal(["sft", "online-dpo-1", "people"], results.Rows.Select(r => r.Name));
        ResultRow people = results.Rows[^1];
        Assert.True(people is { Kl: null, HumanLogProb: null, RmReward: not null, RmWinRate: not null });
        Assert.All(results.Rows.Take(2), r => Assert.InRange(r.HumanLogProb!.Value.Value, -20, -0.001));
        Assert.Equal(6, results.TestPrompts);
        Assert.Contains(results.Samples[0].Answers, a => a.Name == "people" && a.Text == inputs.Human!.Test[0].Answer);

        Execute(recipe, temp.File("other"), said);
        Assert.Equal(File.ReadAllBytes(temp.File("run/preferences/train/pairs.jsonl")),
            File.ReadAllBytes(temp.File("other/preferences/train/pairs.jsonl")));
        Assert.Equal(File.ReadAllBytes(temp.File("run/model/model.safetensors")),
            File.ReadAllBytes(temp.File("other/model/model.safetensors")));
    }

    [Fact]
    public void The_stages_know_the_text_and_all_its_parts()
    {
        using var temp = new TempFolder();
        Recipe recipe = StoryWorld.Write(temp).Value;
        IReadOnlyDictionary<string, string> Identity(Recipe r)
        {
            ModelRef model = ModelRef.FromFolder(r.Model);
            return new StageIdentity(r).Sft(StoryInputs.Create(r, ModelText.Load(r.Model)), model).Values;
        }
        IReadOnlyDictionary<string, string> before = Identity(recipe);
        Recipe Tested(int prompts) => recipe with { Data = recipe.Data with { HeldOut = recipe.Data.HeldOut with { Test = prompts } } };
        Assert.NotEqual(before, Identity(Tested(20))); // all parts are dealt from one text
        Assert.Equal(before, Identity(Tested(7))); // out of a neighbourhood of 16 that is the test's anyway
        string text = File.ReadAllText(temp.File("stories.txt"));
        File.WriteAllText(temp.File("stories.txt"), text + "\n\nZyx.");
        Assert.Equal(before, Identity(recipe)); // a paragraph that is dropped changes nothing
        File.WriteAllText(temp.File("stories.txt"), string.Join("\n\n", text.Split("\n\n").Skip(100)));
        Assert.NotEqual(before, Identity(recipe));
    }

    [Fact]
    public void A_run_can_be_a_reward_model_alone()
    {
        using var temp = new TempFolder();
        StoryWorld.Write(temp);
        IEnumerable<string> rows = SmallWorld.Create(5).Preferences(WorldSplit.Labels, 20, 2).SelectMany(r => r.Pairs())
            .Select(p => JsonSerializer.Serialize(new { prompt = p.Prompt[0].Content, chosen = p.Chosen, rejected = p.Rejected }));
        File.WriteAllLines(temp.File("pairs.jsonl"), rows);
        ResolvedRecipe recipe = ResolvedRecipe.Parse("""
            name: judge
            device: cpu
            model: base
            data: {preferences: pairs.jsonl, held_out: {reward: 10}}
            sft: {enabled: false}
            reward: {batch_size: 4, max_length: 200, learning_rate: 1e-3, micro_batch_tokens: 1024}
            offline_dpo: {enabled: false}
            online: {enabled: false}
            evaluation: {enabled: false}
            """, temp.File("reward.yaml"));
        RecipeChecks.ForRun(recipe);
        RunResults results = Execute(recipe, temp.File("run"), TextWriter.Null);

        Assert.Empty(results.Rows);
        Assert.Equal(10, results.RewardModel!.Pairs);
        Assert.InRange(results.RewardModel.Accuracy.Value, results.RewardModel.Accuracy.Low, results.RewardModel.Accuracy.High);
        Assert.Contains("10 unseen pairs; the rule that the longer answer",
            Assert.Single(Findings.Sentences(results)), StringComparison.Ordinal);
        PretrainedModel.RequireRewardModel(temp.File("run/model")); // the released model is the reward model
        Assert.Contains("A Bradley-Terry reward model", File.ReadAllText(temp.File("run/model/README.md")), StringComparison.Ordinal);
        Assert.DoesNotContain("SFT", File.ReadAllText(temp.File("run/report.html")), StringComparison.Ordinal);
    }

    private static RunResults Execute(ResolvedRecipe recipe, string path, TextWriter said)
    {
        using RunFolder folder = RunFolder.Create(path, recipe, TimeProvider.System);
        return RunSession.Execute(folder, new ProgressDisplay(said, live: false, TimeProvider.System, TimeSpan.FromHours(1)),
            TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
