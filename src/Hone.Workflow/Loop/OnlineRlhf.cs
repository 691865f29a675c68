using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// The whole run: SFT, reward model, offline DPO, online DPO iterations, choice of the best iterate, final table (RLHF
/// Workflow, arXiv 2405.07863, Algorithm 2). It is nothing but stages in order; each is skipped when its result is
/// there, and goes on from its last state when it was cut off.
/// </summary>
internal sealed class OnlineRlhf(RunContext run, RunInputs inputs, ModelRef baseModel)
{
    private readonly Recipe _recipe = run.Recipe;

    /// <summary>The data of the run; with the preferences once they are made, where they are made in the run.</summary>
    public RunInputs Inputs { get; private set; } = inputs;

    /// <summary>Everything the final table and the report are made from, and the released model.</summary>
    public (RunResults Results, ModelRef Released) Run(string name)
    {
        ModelRef sft = _recipe.Sft.Enabled ? SftStage.Run(run, Inputs, baseModel) : baseModel;
        Inputs = PreferenceStage.Run(run, Inputs, sft);
        // Without a reward model there is nothing to judge, to optimise against or to evaluate with.
        ModelRef? reward = _recipe.Reward.Enabled || _recipe.Reward.StartFrom is not ("sft" or "base")
            ? RewardStage.Run(run, Inputs, baseModel, sft)
            : null;
        RewardModelResult? rewardCheck = reward is null || Inputs.PreferencesHeldOut.Count == 0
            ? null
            : RewardCheckStage.Run(run, Inputs, sft, reward);
        var policies = new List<(string Name, string Series, string Label, ModelRef Model)> { ("sft", "sft", "SFT", sft) };
        if (_recipe.OfflineDpo.Enabled)
        {
            foreach ((string offline, string label, ModelRef model) in OfflineDpoStage.Run(run, Inputs, sft))
                policies.Add((offline, "offline", label, model));
        }
        List<IterationHealth> health = [];
        string? selected = null;
        if (_recipe.Online.Enabled) (health, selected) = Iterate(policies, sft, reward!);
        string released = selected ?? (_recipe.OfflineDpo.Enabled && !_recipe.Online.Enabled ? "offline-dpo" : "sft");
        if (_recipe.Online.Enabled && selected is null)
            run.Say("no iterate is within online.max_kl: what the first one started from is released");

        RunResults results = reward is null || !_recipe.Evaluation.Enabled
            ? new RunResults { Name = name, Rows = [], Seed = run.Seed }
            : Assemble(name, [.. policies.Select(p => (p.Name, p.Series, p.Label))],
                [.. policies.Select(p => Evaluate(p.Name, p.Model, sft, reward))], People(reward), selected, released);
        bool policy = _recipe.Sft.Enabled || _recipe.OfflineDpo.Enabled || _recipe.Online.Enabled;
        return (results with { RewardModel = rewardCheck, Iterations = health },
            policy ? policies.First(p => p.Name == released).Model : reward!);
    }

    private (List<IterationHealth> Health, string? Selected) Iterate(
        List<(string Name, string Series, string Label, ModelRef Model)> policies, ModelRef sft, ModelRef reward)
    {
        var health = new List<IterationHealth>();
        (string? best, double bestReward) = (null, double.NegativeInfinity);
        ModelRef current = sft, previous = sft;
        for (int t = 1; t <= _recipe.Online.Iterations; t++)
        {
            ModelRef reference = _recipe.Online.Reference == OnlineReference.Previous ? current : sft;
            (ModelRef model, IterationHealth signals) = OnlineIteration.Run(
                run, Inputs, t, new OnlinePolicies(current, previous, sft), reference, reward);
            string name = $"online-dpo-{t}";
            PolicyAnswers selection =
                EvaluationStage.Run(run, "select", name, Inputs.Selection, gold: null, human: null, model, sft, reward);
            double kl = selection.LogRatios.Average(), score = PenalisedReward(selection);
            health.Add(signals with { Kl = kl, SelectionReward = score });
            run.Say($"{name}: reward {score:F3} and KL {kl:F2} on {Inputs.Selection.Count} held-out prompts");
            policies.Add((name, "online", $"iteration {t}", model));
            if (kl > _recipe.Online.MaxKl)
            {
                run.Say($"{name}: KL {kl:F2} is above online.max_kl {_recipe.Online.MaxKl}; "
                    + "the next iteration starts from where this one did, and this one is not released");
                continue;
            }
            (previous, current) = (current, model);
            if (score > bestReward) (best, bestReward) = (name, score);
        }
        return (health, best);
    }

    private double PenalisedReward(PolicyAnswers answers) => answers.Rows
        .Average(row => PairBuilder.PenalisedRewards(row, Pairing.Options(_recipe.Online), answers.Name)[0]);

    private PolicyAnswers Evaluate(string name, ModelRef policy, ModelRef sft, ModelRef reward) =>
        EvaluationStage.Run(run, "evaluate", name, Inputs.Test, Inputs.Gold, Inputs.Human?.Test, policy, sft, reward);

    /// <summary>What people answered to the test prompts, where that is known: no policy, but a yardstick beside them.</summary>
    private PolicyAnswers? People(ModelRef reward) => Inputs.Human is { } human ? HumanStage.Run(run, human.Test, reward) : null;

    private RunResults Assemble(
        string name, (string Name, string Series, string Label)[] policies,
        PolicyAnswers[] answers, PolicyAnswers? people, string? selected, string released)
    {
        int resamples = _recipe.Evaluation.BootstrapSamples;
        ulong seed = Seeds.Derive(run.Seed, "bootstrap");
        PolicyAnswers sft = answers[0];
        ResultRow[] all =
            [.. answers.Select(a => FinalTable.Row(a, sft, seed, resamples, _recipe.Online.Enabled && a.Name == released))];
        PolicyAnswers? offline = answers.FirstOrDefault(a => a.Name == "offline-dpo"),
            online = answers.FirstOrDefault(a => a.Name == selected);
        return new RunResults
        {
            Name = name,
            Rows = [.. all.Where(r => !r.Name.Contains("-at-", StringComparison.Ordinal)),
                .. people is null ? [] : new[] { FinalTable.Row(people, sft, seed, resamples, selected: false) }],
            HeadToHead = offline is null || online is null ? null : FinalTable.HeadToHead(online, offline, seed, resamples),
            // A frontier goes by KL; the iterations go by their order.
            KlCurve = [.. policies.Zip(all).Where(p => p.First.Series != "sft")
                .OrderBy(p => p.First.Series == "offline" ? p.Second.Kl!.Value.Value : double.PositiveInfinity)
                .Select(p =>
                    new KlPoint(p.First.Series, p.First.Label, p.Second.Kl!.Value.Value, p.Second.GoldWinRate, p.Second.RmWinRate))],
            Samples = [.. Enumerable.Range(0, Math.Min(_recipe.Report.Samples, Inputs.Test.Count)).Select(i => new SampleAnswers(
                string.Join("\n", Inputs.Test[i].Messages.Select(m => m.Content)),
                [.. answers.Where(a => !a.Name.Contains("-at-", StringComparison.Ordinal)).Concat(people is null ? [] : [people])
                    .Select(a => new SampleAnswer(a.Name, a.Rows[i].Responses[0], a.Rewards[i], a.Gold?[i],
                        a.Rows[i].FinishReasons![0] == Inference.FinishReasons.Stop))]))],
            Distributions = Distributions([.. answers.Where(a => a.Name is "sft" or "offline-dpo" || a.Name == released)]),
            TestPrompts = Inputs.Test.Count,
            Seed = run.Seed,
        };
    }

    private static IReadOnlyList<AnswerDistribution> Distributions(PolicyAnswers[] answers)
    {
        IReadOnlyList<Histogram> rewards = Histogram.Of([.. answers.Select(a => a.Rewards)]),
            lengths = Histogram.Of([.. answers.Select(a => (double[])[.. a.TokenCounts.Select(n => (double)n)])]);
        return [.. answers.Select((a, i) => new AnswerDistribution(a.Name, rewards[i], lengths[i]))];
    }
}
