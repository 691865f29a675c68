using Hone.Data;
using Hone.Inference;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>What people answered to the test prompts, scored by the reward model: the stage <c>evaluate/people</c>.</summary>
internal static class HumanStage
{
    private const string Name = "people", AnswersFile = "answers.jsonl";

    /// <param name="human">In the order of the test prompts.</param>
    public static PolicyAnswers Run(RunContext run, IReadOnlyList<HumanAnswer> human, ModelRef rewardModel)
    {
        StageFolder stage = run.OpenStage($"evaluate/{Name}", run.Identity.People(human, rewardModel));
        if (!stage.Finished)
        {
            using PretrainedModel reward = run.Open(rewardModel.Folder);
            SampleRow[] rows = [.. human.Select(h => Row(h, reward.Text))];
            RowFile.Write(stage.File(AnswersFile),
                RewardScoring.Score(reward.Model, reward.Text, sameRendering: true, rows, run.ScoringTokens));
            stage.Finish();
        }
        SampleRow[] answers = [.. RowFile.ReadSamples(stage.File(AnswersFile))];
        return new PolicyAnswers(Name, answers, Gold: null, [.. answers.Select(r => r.Rewards![0])], LogRatios: []);
    }

    private static SampleRow Row(HumanAnswer human, ModelText text)
    {
        PromptExample example = human.Render(text);
        return new SampleRow(human.Prompt, [human.Answer], example.Answers, FinishReasons: [FinishReasons.Stop], PromptIds: example.Prompt);
    }
}
