using Hone.Inference;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// Vanilla DPO on the given preference pairs, from SFT and against SFT. Its win rate is drawn against its KL and not only compared
/// at one point: at several betas where the recipe has a sweep, else of two models on the way.
/// </summary>
internal static class OfflineDpoStage
{
    private const string Name = "offline-dpo";

    /// <summary>The policies that are evaluated: name, label in the report, model.</summary>
    public static IReadOnlyList<(string Name, string Label, ModelRef Model)> Run(RunContext run, RunInputs inputs, ModelRef sft)
    {
        OfflineDpoOptions options = run.Recipe.OfflineDpo;
        var pairs = new ReferencedPairs(run, inputs, options);
        StageFolder stage = Train(run, pairs, sft, options, Name);
        if (options.BetaSweep.Count == 0)
            return
            [
                .. Enumerable.Range(1, 2).Select(third =>
                    ($"offline-dpo-at-{third}-of-3", $"{third}/3", ModelRef.Of(stage, OnTheWay(third)))),
                (Name, "end", ModelRef.Of(stage)),
            ];
        var policies = new List<(string, string, ModelRef)> { (Name, SweptPolicy.LabelOf(options.Beta), ModelRef.Of(stage)) };
        foreach (OfflineDpoOptions swept in options.Swept())
        {
            string name = SweptPolicy.NameOf(swept.Beta);
            policies.Add((name, SweptPolicy.LabelOf(swept.Beta), ModelRef.Of(Train(run, pairs, sft, swept, name))));
        }
        return policies;
    }

    private static StageFolder Train(RunContext run, ReferencedPairs pairs, ModelRef sft, OfflineDpoOptions options, string name)
    {
        StageFolder stage = run.OpenStage(name, run.Identity.OfflineDpo(options, pairs.Inputs, sft));
        if (stage.Finished) return stage;
        using PretrainedModel model = run.OpenToTrain(sft.Folder, stage);
        (IReadOnlyList<PromptExample> train, IReadOnlyList<PromptExample> heldOut) = pairs.Of(model);
        StageTrainer.Run(run, stage, model, options.Objective(), train, heldOut, options,
            stepped: (step, total) =>
            {
                // Also where there is a sweep, which a resumed run may leave out again.
                for (int third = 1; third <= 2 && name == Name; third++)
                    if (step == Math.Max(1, total * third / 3))
                        run.SaveModel(model.Model, stage.File(OnTheWay(third)), from: sft.Folder);
            });
        run.SaveModel(model.Model, stage.File("model"), from: sft.Folder);
        stage.Finish();
        return stage;
    }

    private static string OnTheWay(int third) => $"model-at-{third}-of-3";

    /// <summary>The pairs with SFT's log-probabilities: the same for all betas, and computed by the first stage that needs them.</summary>
    private sealed class ReferencedPairs(RunContext run, RunInputs inputs, OfflineDpoOptions options)
    {
        private (IReadOnlyList<PromptExample> Train, IReadOnlyList<PromptExample> HeldOut)? _pairs;

        public RunInputs Inputs => inputs;

        /// <param name="sft">As it begins to be trained.</param>
        public (IReadOnlyList<PromptExample> Train, IReadOnlyList<PromptExample> HeldOut) Of(PretrainedModel sft)
        {
            if (_pairs is { } known) return known;
            LengthRule rule = TrainingRows.DpoLengths(options, sft.Text);
            var lengths = new DataReport("offline DPO pairs");
            IReadOnlyList<PromptExample> Examples(IReadOnlyList<PreferenceExample> pairs, IReadOnlyList<LabelledExample>? labelled)
            {
                PreferenceExample[] fitting = [.. pairs.Select(p => rule.Apply(p, lengths)).OfType<PreferenceExample>()];
                return options.Unpaired ? Labelled.Examples(labelled ?? Labelled.Of(fitting), options) : PromptExample.Group(fitting);
            }
            IReadOnlyList<PromptExample> Referenced(IReadOnlyList<PromptExample> examples) =>
                ReferenceLogProbs.Attach(sft.Model, examples, run.ScoringTokens);
            IReadOnlyList<PromptExample> train = Examples(inputs.Preferences, inputs.Labelled);
            if (options.Unpaired) Labelled.RequireMismatched(train);
            _pairs = (Referenced(train), Referenced(Examples(inputs.PreferencesHeldOut, inputs.LabelledHeldOut)));
            if (lengths.Touched) run.Say(lengths.ToString());
            return _pairs.Value;
        }
    }
}
