using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>
/// One iteration of online DPO: n answers to each new prompt from the current policy, rewards, best-against-worst pairs,
/// reference log-probabilities, DPO with a fresh optimiser (arXiv 2405.07863, Algorithm 2).
/// </summary>
internal static class OnlineIteration
{
    private const string Scored = "scored.jsonl";

    /// <param name="iteration">From 1.</param>
    /// <param name="policies">Those that answer; the current one is trained.</param>
    /// <param name="reference">The policy that DPO is regularised to.</param>
    public static (ModelRef Model, IterationHealth Health) Run(
        RunContext run, RunInputs inputs, int iteration, OnlinePolicies policies, ModelRef reference, ModelRef rewardModel)
    {
        IReadOnlyList<PromptRow> prompts = inputs.IterationPrompts[iteration - 1];
        StageFolder[] samples = [.. run.Recipe.Online.Samples.Select(s => s.From).Distinct().Order()
            .Select(from => Sample(run, prompts, iteration, from, policies.Of(from)))];
        StageFolder pairs = ScoreAndPair(run, iteration, samples, rewardModel, reference, out IterationHealth health);
        return (Train(run, iteration, pairs, policies.Current), health with { Sampler = SamplerCheck.Read(samples[0]) });
    }

    /// <summary>The settings that an iteration trains with; there are no held-out rows to evaluate on.</summary>
    public static OnlineOptions Options(OnlineOptions online, int iteration) => online with
    {
        LearningRate = online.LearningRate * Math.Pow(online.LearningRateDecay, iteration - 1),
        LearningRateDecay = 1,
        EvalEvery = 0,
    };

    private static StageFolder Sample(
        RunContext run, IReadOnlyList<PromptRow> prompts, int iteration, SampleSource from, ModelRef answering)
    {
        OnlineOptions o = run.Recipe.Online;
        string name = $"online-{iteration}/samples{(from == SampleSource.Current ? "" : $"-{OptionKey.SnakeCase($"{from}")}")}";
        StageFolder stage = run.OpenStage(name, run.Identity.Samples(prompts, answering));
        if (stage.Finished) return stage;
        using PretrainedModel policy = run.Open(answering.Folder);
        IGenerationEngine engine = run.Sampler(stage, policy, answering, KeptBetween.Weights, run.Recipe.Sampling.Format);
        SamplerCheck.Run(run, stage, policy, engine, prompts);
        SampleParts.Write(stage, prompts, part => AnswerSampling.Sample(
            engine, policy.Text, part, [.. o.Samples.Where(s => s.From == from)], o.MaxNewTokens,
            Seeds.Derive(run.Seed, stage.Name), run.Cancel), run.Say);
        stage.Finish();
        return stage;
    }

    private static StageFolder ScoreAndPair(
        RunContext run, int iteration, StageFolder[] samples, ModelRef rewardModel, ModelRef reference, out IterationHealth health)
    {
        OnlineOptions o = run.Recipe.Online;
        ModelRef? judge = o.Judge == "reward" ? null : ModelRef.LanguageModel(o.Judge, run.Digests);
        StageFolder stage = run.OpenStage($"online-{iteration}/pairs", run.Identity.Pairs(judge ?? rewardModel, reference, samples));
        if (!stage.Finished)
        {
            IReadOnlyList<SampleRow> scored = SampleParts.Read(samples);
            if (judge is not null)
            {
                using PretrainedModel model = run.Open(judge.Folder);
                scored = PairwiseJudge.Score(model.Model, model.Text, scored, run.ScoringTokens);
            }
            else
            {
                using PretrainedModel reward = run.Open(rewardModel.Folder);
                bool sameRendering = reward.Text.RendersAs(ModelText.Load(reference.Folder));
                scored = run.Score(reward, rewardModel, sameRendering, scored);
            }
            RowFile.Write(stage.File(Scored), scored);
            var report = new DataReport($"iteration {iteration}");
            IReadOnlyList<PairRow> pairs = PairBuilder.Build(scored, Pairing.Options(o), report);
            if (o.Method == OnlineMethod.Dpo)
            {
                using PretrainedModel model = run.OpenReference(reference.Folder, stage);
                pairs = ReferenceLogProbs.Attach(model.Model, model.Text, pairs, run.ScoringTokens);
            }
            RowFile.Write(stage.File("pairs.jsonl"), pairs);
            ResultFile.Write(stage.File("health.json"), IterationSummary.Of(iteration, scored, pairs, report));
            run.Say(report.ToString());
            stage.Finish();
        }
        health = ResultFile.ReadHealth(stage.File("health.json"));
        run.Say($"iteration {iteration}: mean reward {health.MeanReward:F3}, best of {health.AnswersPerPrompt} {health.BestOfNReward:F3}, "
            + $"length {health.MeanLength:F1}, ended {health.EosRate:P1}, "
            + $"duplicates {health.DuplicateRate:P1}, {health.Pairs} pairs, margin {health.Margin:F3}");
        return stage;
    }

    private static ModelRef Train(RunContext run, int iteration, StageFolder pairs, ModelRef start)
    {
        OnlineOptions o = Options(run.Recipe.Online, iteration);
        bool best = o.Method == OnlineMethod.BestOfN;
        StageFolder stage = run.OpenStage($"online-{iteration}/{(best ? "sft" : "dpo")}", run.Identity.OnlineDpo(o, pairs, start));
        if (stage.Finished) return ModelRef.Of(stage);
        using PretrainedModel model = run.OpenToTrain(start.Folder, stage);
        if (best) StageTrainer.Run(run, stage, model, new SftObjective(), BestAnswers(pairs.File(Scored), Pairing.Options(o)), [], o);
        else
        {
            string file = pairs.File("pairs.jsonl");
            IReadOnlyList<PromptExample> examples = ReferenceLogProbs.Read([.. RowFile.ReadPairs(file)], model.Text, file);
            StageTrainer.Run(run, stage, model, o.Objective(), examples, [], o);
        }
        run.SaveModel(model.Model, stage.File("model"), from: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }

    /// <summary>The best answer to each prompt, of which every token is learnt.</summary>
    private static IReadOnlyList<SftExample> BestAnswers(string file, PairOptions options) =>
        [.. RowFile.ReadSamples(file).Index().SelectMany(r => PairBuilder.Best(r.Item, options, $"{file}, row {r.Index + 1}") is { } k
            ? [new SftExample([.. r.Item.PromptIds!, .. r.Item.ResponseIds![k]],
                [.. r.Item.PromptIds.Select(_ => false), .. r.Item.ResponseIds[k].Select(_ => true)])]
            : Array.Empty<SftExample>())];
}

/// <summary>The policies that an iteration may sample from.</summary>
internal sealed record OnlinePolicies(ModelRef Current, ModelRef Previous, ModelRef Sft)
{
    public ModelRef Of(SampleSource source) => source switch
    {
        SampleSource.Previous => Previous,
        SampleSource.Sft => Sft,
        _ => Current,
    };
}
