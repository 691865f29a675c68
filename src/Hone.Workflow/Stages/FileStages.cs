using Hone.Inference;
using Hone.Data;

namespace Hone.Workflow;

/// <summary>The training stages that learn from given rows, each alone: from the recipe's model and the recipe's files.</summary>
public static class FileStages
{
    public static ModelRef Sft(RunContext run)
    {
        (ModelRef start, ModelText text) = Start(run);
        var report = new List<string>();
        (IReadOnlyList<SftExample> train, IReadOnlyList<SftExample> heldOut) = FileInputs.Sft(run.Recipe, text, report);
        report.ForEach(run.SayOfData);
        return SftStage.Run(run, RunInputs.None with { Sft = train, SftHeldOut = heldOut }, start);
    }

    public static ModelRef Reward(RunContext run)
    {
        (ModelRef start, ModelText text) = Start(run);
        var report = new List<string>();
        if (text.PlainNote is { } plain) run.Say(plain);
        LengthRule rule = TrainingRows.RewardLengths(run.Recipe, text);
        (IReadOnlyList<PreferenceExample> train, IReadOnlyList<PreferenceExample> heldOut) =
            FileInputs.Preferences(run.Recipe, text, rule, report);
        report.ForEach(run.SayOfData);
        return RewardStage.Run(run, RunInputs.None with { Preferences = train, PreferencesHeldOut = heldOut }, start, start);
    }

    private static (ModelRef Start, ModelText Text) Start(RunContext run) =>
        (ModelRef.LanguageModel(run.Recipe.Model, run.Digests), ModelText.Load(run.Recipe.Model));
}
