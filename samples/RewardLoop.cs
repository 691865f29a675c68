using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow;

namespace Samples;

/// <summary>
/// Iterative DPO (arXiv 2405.07863, algorithm 1) with a reward that is a C# function: n answers per prompt from the current
/// policy, the best against the worst of them, one DPO step on these pairs, and again. The reference stays the first policy.
/// </summary>
internal static class RewardLoop
{
    private static readonly string[] s_topics = ["sleep", "tea", "bread", "travel", "gardens", "letters", "walking", "music"];

    public static void Run(string folder)
    {
        var target = ComputeTarget.Parse("auto", "float32");
        using var policy = PretrainedModel.Open(folder, target, new TrainingStart());
        using var reference = PretrainedModel.Open(folder, target);
        for (int iteration = 1; iteration <= 2; iteration++)
        {
            (List<Preference> pairs, double mean) = BestAgainstWorst(policy, seed: (ulong)iteration);
            Console.WriteLine($"iteration {iteration}: mean reward {mean:F2}, {pairs.Count} pairs");
            if (pairs.Count == 0) continue; // all answers to each prompt earned the same
            new DpoTrainer(policy, reference, pairs, new OfflineDpoOptions { BatchSize = 8, LearningRate = 1e-4 }).Train();
        }
    }

    /// <summary>What to make more of: here, answers that are short and end with a full stop.</summary>
    private static double Reward(string answer) => (answer.EndsWith('.') ? 1 : 0) - 0.01 * answer.Length;

    private static (List<Preference> Pairs, double MeanReward) BestAgainstWorst(PretrainedModel policy, ulong seed)
    {
        ChatMessage[][] prompts = [.. s_topics.Select(topic => new[] { ChatMessage.User($"Give me advice about {topic}.") })];
        SamplingOptions sampling = policy.GenerationConfig.Options with { DoSample = true, MaxNewTokens = 32 };
        IGenerationEngine engine = policy.CreateEngine();
        IReadOnlyList<Completion> answers = engine.Generate([.. prompts.Select((prompt, i) => new GenerationRequest(
            policy.Text.Render(prompt, addGenerationPrompt: true).Ids, sampling with { Seed = seed * 1000 + (ulong)i }, Count: 4))]);
        var pairs = new List<Preference>();
        var rewards = new List<double>();
        foreach (IGrouping<int, Completion> group in answers.GroupBy(a => a.RequestIndex))
        {
            (string Text, double Reward)[] scored =
                [.. group.Select(a => policy.Text.Decode(a.Ids)).Select(text => (text, Reward(text))).OrderBy(a => a.Item2)];
            rewards.AddRange(scored.Select(s => s.Reward));
            if (scored[^1].Reward > scored[0].Reward && scored[^1].Text.Length > 0 && scored[0].Text.Length > 0)
                pairs.Add(new Preference(prompts[group.Key], scored[^1].Text, scored[0].Text, scored[^1].Reward, scored[0].Reward));
        }
        return (pairs, rewards.Average());
    }
}
