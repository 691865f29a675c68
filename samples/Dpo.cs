using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow;

namespace Samples;

/// <summary>DPO on pairs that never were a file.</summary>
internal static class Dpo
{
    public static void Run(string folder, string output)
    {
        var target = ComputeTarget.Parse("auto", "float32");
        using var policy = PretrainedModel.Open(folder, target, new TrainingStart());
        using var reference = PretrainedModel.Open(folder, target);
        Preference[] pairs =
        [
            .. new[] { "sleep", "tea", "bread", "travel" }.Select(topic => new Preference(
                [ChatMessage.User($"Give me advice about {topic}.")], Chosen: $"Start small with {topic}.", Rejected: "No.")),
        ];
        var trainer = new DpoTrainer(policy, reference, pairs, new OfflineDpoOptions { Beta = 0.1, BatchSize = 2, LearningRate = 1e-4 });
        trainer.Stepped += step => Console.WriteLine($"step {step.Step} of {step.TotalSteps}: loss {step.Metrics["loss"]:F4}");
        trainer.Train();
        trainer.Save(output);
        Console.WriteLine($"{trainer.Rows}\nsaved in {output}");
    }
}
