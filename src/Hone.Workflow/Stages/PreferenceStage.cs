using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// Preferences made from what people wrote: a person's answer is chosen, the SFT policy's own answers to the same prompt
/// are rejected. The reward model learns to tell the two apart, so a policy gains reward by writing more as people do.
/// </summary>
internal static class PreferenceStage
{
    private const string Pairs = "pairs.jsonl";

    /// <summary>The inputs with their preferences; unchanged where there is nothing to make.</summary>
    public static RunInputs Run(RunContext run, RunInputs inputs, ModelRef sft)
    {
        if (inputs.Human is not { } human || !(run.Recipe.Reward.Enabled || run.Recipe.OfflineDpo.Enabled)) return inputs;
        StageFolder train = Write(run, "train", human.Preferences, run.Recipe.Data.Stories.Rejected, sft);
        // One pair a prompt, for an interval over pairs takes them as independent.
        StageFolder heldOut = Write(run, "held-out", human.PreferencesHeldOut, 1, sft);
        return inputs with
        {
            Preferences = Read(train),
            PreferencesHeldOut = Read(heldOut),
            PreferencesFrom = $", {train.Digest}, {heldOut.Digest}",
        };
    }

    private static StageFolder Write(RunContext run, string part, IReadOnlyList<HumanAnswer> human, int rejected, ModelRef sft)
    {
        OnlineOptions o = run.Recipe.Online;
        StageFolder stage = run.OpenStage($"preferences/{part}", run.Identity.Preferences(human, rejected, sft));
        if (stage.Finished) return stage;
        using PretrainedModel policy = run.Open(sft.Folder);
        IGenerationEngine engine = run.Sampler(stage, policy, sft, KeptBetween.Weights, run.Recipe.Sampling.Format);
        SampleParts.Write(stage, [.. human.Select(h => new PromptRow(h.Prompt))], prompts => AnswerSampling.Sample(
            engine, policy.Text, prompts, [new SampleOptions { Count = rejected, Temperature = 1 }],
            o.MaxNewTokens, Seeds.Derive(run.Seed, stage.Name), run.Cancel), run.Say);
        var report = new DataReport(stage.Name);
        RowFile.Write(stage.File(Pairs),
            [.. SampleParts.Read(stage).Zip(human).SelectMany(s => Pair(s.First, s.Second, policy.Text, report))]);
        run.Say(report.ToString());
        report.RequireKept();
        stage.Finish();
        return stage;
    }

    private static IEnumerable<PairRow> Pair(SampleRow own, HumanAnswer human, ModelText text, DataReport report)
    {
        PromptExample chosen = human.Render(text);
        for (int k = 0; k < own.Count; k++)
        {
            int[] rejected = own.ResponseIds![k];
            // An answer without an end would teach the reward model to look for nothing but the end.
            if (own.FinishReasons![k] != FinishReasons.Stop) report.Drop(DropReason.UnfinishedExcluded);
            else if (own.Responses[k] == human.Answer) report.Drop(DropReason.ChosenEqualsRejected);
            else
            {
                report.Keep();
                yield return new PairRow(human.Prompt, human.Answer, own.Responses[k], chosen.Prompt, chosen.Answers[0], rejected);
            }
        }
    }

    private static PreferenceExample[] Read(StageFolder stage) =>
        [.. RowFile.ReadPairs(stage.File(Pairs)).Select(p => new PreferenceExample(p.PromptIds!, p.ChosenIds!, p.RejectedIds!))];
}
