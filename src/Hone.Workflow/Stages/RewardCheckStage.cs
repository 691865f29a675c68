using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>Judges the reward model before the online stage trusts it; says so when it is too weak, and goes on all the same.</summary>
internal static class RewardCheckStage
{
    private const int Prompts = 200, BestOf = 8;
    private const string ResultName = "reward_model.json";

    public static RewardModelResult Run(RunContext run, RunInputs inputs, ModelRef sft, ModelRef rewardModel)
    {
        StageFolder stage = run.OpenStage("reward-check", run.Identity.RewardCheck(inputs, sft, rewardModel));
        if (!stage.Finished)
        {
            IReadOnlyList<SampleRow>? sampled = null;
            ModelText? policyText = null;
            if (inputs.Gold is not null)
            {
                using PretrainedModel policy = run.Open(sft.Folder);
                policyText = policy.Text;
                sampled = AnswerSampling.Sample(
                    run.Sampler(stage, policy, sft, format: run.Recipe.Sampling.Format), policy.Text, [.. inputs.Selection.Take(Prompts)],
                    [new SampleOptions { Count = BestOf + 1, Temperature = 1 }],
                    run.Recipe.Online.MaxNewTokens, Seeds.Derive(run.Seed, stage.Name), run.Cancel);
            }
            using PretrainedModel reward = run.Open(rewardModel.Folder);
            if (sampled is not null)
                sampled = run.Score(reward, rewardModel, reward.Text.RendersAs(policyText!), sampled);
            ResultFile.Write(stage.File(ResultName), RewardModelJudge.Judge(
                reward.Model, inputs, sampled, run.ScoringTokens,
                Seeds.Derive(run.Seed, stage.Name), run.Recipe.Evaluation.BootstrapSamples));
            stage.Finish();
        }
        RewardModelResult result = ResultFile.ReadRewardModel(stage.File(ResultName));
        string verdict = result.StrongEnough ? "strong enough to optimise against" : result.InShort.ToUpperInvariant();
        run.Say($"reward model: {verdict}. {result.Verdict}");
        return result;
    }
}
