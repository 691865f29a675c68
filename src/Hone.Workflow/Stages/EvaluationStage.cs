using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// One policy's answers to a set of prompts, scored: the stage <c>evaluate/NAME</c>, also used to choose the best iterate.
/// </summary>
internal static class EvaluationStage
{
    private const string AnswersFile = "answers.jsonl", ScoresFile = "scores.json";

    /// <param name="folder"><c>evaluate</c> or <c>select</c>: the set of prompts and the seed go by it.</param>
    /// <param name="name">Name of the row.</param>
    /// <param name="human">What people answered to the prompts, in their order, where that is known: their log-probability is
    /// taken.</param>
    public static PolicyAnswers Run(
        RunContext run, string folder, string name, IReadOnlyList<PromptRow> prompts,
        GoldJudgement? gold, IReadOnlyList<HumanAnswer>? human,
        ModelRef policy, ModelRef sft, ModelRef rewardModel)
    {
        EvaluationOptions o = run.Recipe.Evaluation;
        StageFolder stage = run.OpenStage($"{folder}/{name}",
            run.Identity.Evaluation(prompts, gold is not null, human, policy, sft, rewardModel));
        if (!stage.Finished)
        {
            IReadOnlyList<SampleRow> rows, own;
            double[]? humanLogProbs = null, ownLogProbs;
            ModelText text;
            // One model after the other: memory holds one at a time.
            using (PretrainedModel model = run.Open(policy.Folder))
            {
                text = model.Text;
                IGenerationEngine engine = run.Sampler(stage, model, policy);
                ulong seed = Seeds.Derive(run.Seed, $"{folder}/answers");
                rows = Answer(run, engine, text, prompts, o.Temperature, seed);
                // KL is a mean over samples at temperature 1 only.
                own = o.Temperature == 1 ? rows : Answer(run, engine, text, prompts, 1, seed);
                // A server's arithmetic is not this one's, and the difference would be taken for KL.
                ownLogProbs = run.Workers is null
                    ? [.. own.Select(r => r.Logprobs![0].Sum(l => (double)l))]
                    : [.. AnswerScores.LogProbs(model.Model, Examples(own), run.ScoringTokens).Select(l => l[0])];
                if (human is not null) humanLogProbs = PerToken(model, human, run.ScoringTokens);
            }
            double[][] reference;
            using (PretrainedModel model = run.Open(sft.Folder))
                reference = AnswerScores.LogProbs(model.Model, Examples(own), run.ScoringTokens);
            using (PretrainedModel reward = run.Open(rewardModel.Folder))
                rows = run.Score(reward, rewardModel, reward.Text.RendersAs(text), rows);
            RowFile.Write(stage.File(AnswersFile), rows);
            ResultFile.Write(stage.File(ScoresFile), new PolicyScores(
                gold is null ? null : [.. rows.Select(r => gold(r.Prompt, r.Responses[0], r.FinishReasons![0] == FinishReasons.Stop))],
                [.. ownLogProbs.Select((l, i) => l - reference[i][0])],
                humanLogProbs));
            stage.Finish();
        }
        SampleRow[] answers = [.. RowFile.ReadSamples(stage.File(AnswersFile))];
        PolicyScores scores = ResultFile.ReadScores(stage.File(ScoresFile));
        return new PolicyAnswers(name, answers, scores.Gold,
            [.. answers.Select(r => r.Rewards![0])], scores.LogRatios, scores.HumanLogProbs);
    }

    private static PromptExample[] Examples(IReadOnlyList<SampleRow> rows) =>
        [.. rows.Select(r => new PromptExample(r.PromptIds!, r.ResponseIds!))];

    private static double[] PerToken(PretrainedModel policy, IReadOnlyList<HumanAnswer> human, int maxTokens)
    {
        PromptExample[] examples = [.. human.Select(h => h.Render(policy.Text))];
        return [.. AnswerScores.LogProbs(policy.Model, examples, maxTokens).Select((logp, i) => logp[0] / examples[i].Answers[0].Length)];
    }

    private static IReadOnlyList<SampleRow> Answer(
        RunContext run, IGenerationEngine engine, ModelText text, IReadOnlyList<PromptRow> prompts, double temperature, ulong seed) =>
        AnswerSampling.Sample(engine, text, prompts, [new SampleOptions { Count = 1, Temperature = temperature }],
            run.Recipe.Evaluation.MaxNewTokens, seed, run.Cancel);
}
