using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 6: the public code evaluates its reward model on rows that it was trained on. Trap 21: it evaluates on rows of the
/// training file. Here no prompt that judges anything is trained on.
/// </summary>
public sealed class HeldOutTrapTests(Unbroken unbroken)
{
    [Fact]
    public void Trap_6_and_21_no_prompt_that_judges_is_trained_on()
    {
        Recipe recipe = ResolvedRecipe.Parse("""
            data:
              world: tiny
              held_out: {sft: 300, reward: 600, selection: 300, test: 600}
              limits: {sft: 2000, preferences: 3000}
            online: {iterations: 3, prompts_per_iteration: 600}
            """, "recipe.yaml").Value;
        ModelText text = ModelText.Load(unbroken.Model);
        RunInputs inputs = WorldInputs.Create(recipe, text);
        string[] Prompts(IEnumerable<PromptRow> rows) => [.. rows.Select(r => Key(text.Examples.Prompt(r.Messages)))];
        var trainedOn = new Dictionary<string, string[]>
        {
            ["sft"] = [.. inputs.Sft.Select(PromptOf)],
            ["preferences"] = [.. inputs.Preferences.Select(p => Key(p.Prompt))],
        };
        for (int t = 0; t < 3; t++) trainedOn[$"iteration {t + 1}"] = Prompts(inputs.IterationPrompts[t]);
        var judging = new Dictionary<string, string[]>
        {
            ["sft held out"] = [.. inputs.SftHeldOut.Select(PromptOf)],
            ["preferences held out"] = [.. inputs.PreferencesHeldOut.Select(p => Key(p.Prompt))],
            ["counterfactuals"] = [.. inputs.Counterfactuals.Select(c => Key(c.Example.Prompt))],
            ["selection"] = Prompts(inputs.Selection),
            ["test"] = Prompts(inputs.Test),
        };
        Assert.All(trainedOn.Concat(judging), part => Assert.NotEmpty(part.Value));
        foreach ((string trained, string[] a) in trainedOn)
            foreach ((string judge, string[] b) in judging)
                Assert.Equal((trained, judge, 0), (trained, judge, a.Intersect(b).Count()));
        // What is sampled from and what chooses and what is reported are new each time.
        string[][] once = [.. trainedOn.Values.Skip(2), judging["selection"], judging["test"]];
        Assert.Equal(once.Sum(p => p.Length), once.SelectMany(p => p).Distinct().Count());
    }

    [Fact]
    public void Trap_21_nor_in_the_files_of_a_run()
    {
        string[] Prompts(params string[] files) =>
            [.. files.SelectMany(file => RowFile.ReadSamples(unbroken.Run.File(file))).Select(r => PromptKey.Of(r.Prompt)).Distinct()];
        string[] trainedOn = Prompts("online-1/pairs/scored.jsonl", "online-2/pairs/scored.jsonl");
        string[] selection = Prompts("select/online-dpo-1/answers.jsonl", "select/online-dpo-2/answers.jsonl");
        string[] test = Prompts("evaluate/sft/answers.jsonl", "evaluate/online-dpo-2/answers.jsonl");
        Assert.Equal((24, 6, 6), (trainedOn.Length, selection.Length, test.Length));
        Assert.Equal(36, trainedOn.Concat(selection).Concat(test).Distinct().Count());
    }

    private static string Key(IEnumerable<int> ids) => string.Join(' ', ids);

    /// <summary>What stands before the first token that is learnt: the prompt as it is sampled from.</summary>
    private static string PromptOf(SftExample example) => Key(example.Ids.Take(Array.IndexOf(example.LossMask, true)));
}
