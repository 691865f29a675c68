using System.Globalization;
using Hone.Inference;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>
/// Vanilla DPO on the given preference pairs, from SFT and against SFT. Its win rate is drawn against its KL and not only compared
/// at one point: at several betas where the recipe has a sweep, else of two models on the way.
/// </summary>
internal static class OfflineDpoStage
{
    /// <summary>The policies that are evaluated: name, label in the report, model.</summary>
    public static IReadOnlyList<(string Name, string Label, ModelRef Model)> Run(RunContext run, RunInputs inputs, ModelRef sft)
    {
        OfflineDpoOptions options = run.Recipe.OfflineDpo;
        StageFolder stage = Train(run, inputs, sft, options, "offline-dpo");
        if (options.BetaSweep.Count == 0)
            return
            [
                .. Enumerable.Range(1, 2).Select(third =>
                    ($"offline-dpo-at-{third}-of-3", $"{third}/3", ModelRef.Of(stage, OnTheWay(third)))),
                ("offline-dpo", "end", ModelRef.Of(stage)),
            ];
        var policies = new List<(string, string, ModelRef)> { ("offline-dpo", Label(options), ModelRef.Of(stage)) };
        foreach (OfflineDpoOptions swept in options.Swept())
        {
            string name = $"offline-dpo-{Label(swept).Replace(' ', '-').Replace('.', '-')}";
            policies.Add((name, Label(swept), ModelRef.Of(Train(run, inputs, sft, swept, name))));
        }
        return policies;
    }

    private static string Label(OfflineDpoOptions options) =>
        string.Create(CultureInfo.InvariantCulture, $"beta {options.Beta:0.########}");

    private static StageFolder Train(RunContext run, RunInputs inputs, ModelRef sft, OfflineDpoOptions options, string name)
    {
        StageFolder stage = run.OpenStage(name, run.Identity.OfflineDpo(options, inputs, sft));
        if (stage.Finished) return stage;
        using PretrainedModel model = run.OpenToTrain(sft.Folder, stage);
        LengthRule rule = TrainingRows.DpoLengths(options, model.Text);
        var lengths = new DataReport("offline DPO pairs");
        IReadOnlyList<PromptExample> Referenced(IReadOnlyList<PreferenceExample> pairs) => ReferenceLogProbs.Attach(
            model.Model, PromptExample.Group(pairs.Select(p => rule.Apply(p, lengths)).OfType<PreferenceExample>()), run.ScoringTokens);
        IReadOnlyList<PromptExample> train = Referenced(inputs.Preferences), heldOut = Referenced(inputs.PreferencesHeldOut);
        if (lengths.Touched) run.Say(lengths.ToString());
        StageTrainer.Run(run, stage, model.Model, new DpoObjective(options.Losses()), train, heldOut, options,
            stepped: (step, total) =>
            {
                for (int third = 1; third <= 2 && name == "offline-dpo"; third++)
                    if (step == Math.Max(1, total * third / 3))
                        run.SaveModel(model.Model, stage.File(OnTheWay(third)), from: sft.Folder);
            });
        run.SaveModel(model.Model, stage.File("model"), from: sft.Folder);
        stage.Finish();
        return stage;
    }

    private static string OnTheWay(int third) => $"model-at-{third}-of-3";
}
