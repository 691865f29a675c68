using Hone.Data;
using Hone.Inference;
using Hone.Workflow.Recipes;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>Judges the reward model before the online stage trusts it; says so when it is too weak, and goes on all the same.</summary>
public static class RewardCheckStage
{
    private const int Prompts = 200, BestOf = 8;

    public static RewardModelResult Run(RunContext run, RunInputs inputs, DataIdentity data, ModelRef sft, ModelRef rewardModel)
    {
        StageFolder stage = run.OpenStage("reward-check", data.Rows.Copy().Add("prompts", data.Prompts).AddKeys("online", run.Recipe.Online, "max_new_tokens").AddKeys("evaluation", run.Recipe.Evaluation, "bootstrap_samples").Add("sft", sft.Digest).Add("reward_model", rewardModel.Digest));
        string file = stage.File("reward_model.json");
        if (!stage.Finished)
        {
            using ModelFolder reward = run.Open(rewardModel.Folder);
            IReadOnlyList<SampleRow>? sampled = null;
            if (inputs.Gold is not null)
            {
                using ModelFolder policy = run.Open(sft.Folder);
                IGenerationEngine engine = policy.CreateEngine();
                sampled = RewardScoring.Score(reward.Model, reward.Text, reward.SameTokenizerAs(policy), AnswerSampling.Sample(
                    engine, policy.Text, [.. inputs.Selection.Take(Prompts)], [new SampleOptions { Count = BestOf + 1, Temperature = 1 }],
                    run.Recipe.Online.MaxNewTokens, Seeds.Derive(run.Seed, stage.Name), run.Cancel), run.ScoringTokens);
            }
            ResultFile.Write(file, RewardModelJudge.Judge(
                reward.Model, inputs, sampled, run.ScoringTokens, Seeds.Derive(run.Seed, stage.Name), run.Recipe.Evaluation.BootstrapSamples));
            stage.Finish();
        }
        RewardModelResult result = ResultFile.ReadRewardModel(file);
        run.Say($"reward model: {(result.StrongEnough ? "strong enough to optimise against" : result.InShort.ToUpperInvariant())}. {result.Verdict}");
        return result;
    }
}
