using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>Answers of a model to the prompts of files, outside of a run, with the recipe's options of <c>online</c>.</summary>
public static class SampleStage
{
    private const int PromptsPerPart = 64;

    /// <param name="groups">In place of the recipe's <c>online.samples</c>; one answer to a prompt is enough here.</param>
    /// <returns>The file of the samples.</returns>
    public static string Run(RunContext run, string model, IReadOnlyList<string> files, IReadOnlyList<SampleOptions> groups)
    {
        OnlineOptions o = run.Recipe.Online with { Samples = groups };
        ModelRef policy = ModelRef.LanguageModel(model, run.Digests);
        using PretrainedModel opened = run.Open(policy.Folder);
        var report = new List<string>();
        IReadOnlyList<PromptRow> prompts = FileInputs.FittingPrompts(
            run.Recipe, files, "prompts", opened.Text, TrainingRows.DpoLengths(o, opened.Text), report);
        report.ForEach(run.Say);
        if (opened.Text.PlainNote is { } plain) run.Say(plain);
        StageFolder stage = run.OpenStage("samples", new StageIdentity(run.Recipe with { Online = o }).Samples(prompts, policy));
        string all = stage.File("all.jsonl");
        if (stage.Finished) return all;
        IGenerationEngine engine = run.Sampler(stage, opened, policy, KeptBetween.Weights, run.Recipe.Sampling.Format);
        SampleParts.Write(stage, prompts, part => AnswerSampling.Sample(engine, opened.Text, part, o.Samples, o.MaxNewTokens,
            Seeds.Derive(run.Seed, "sample"), run.Cancel), run.Say, PromptsPerPart);
        RowFile.Write(all, SampleParts.Read(stage));
        stage.Finish();
        return all;
    }
}
