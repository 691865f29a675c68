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
    /// <param name="format">What the answers must be; null for any text.</param>
    /// <param name="shard">Which part of the prompts is answered; null for all.</param>
    /// <returns>The file of the samples.</returns>
    public static string Run(RunContext run, string model, IReadOnlyList<string> files, IReadOnlyList<SampleOptions> groups,
        OutputConstraint? format = null, PromptShard? shard = null)
    {
        OnlineOptions o = run.Recipe.Online with { Samples = groups };
        ModelRef policy = ModelRef.LanguageModel(model, run.Digests);
        using PretrainedModel opened = run.Open(policy.Folder);
        var report = new List<string>();
        IReadOnlyList<PromptRow> prompts = FileInputs.FittingPrompts(
            run.Recipe, files, "prompts", opened.Text, TrainingRows.DpoLengths(o, opened.Text), report);
        report.ForEach(run.Say);
        if (shard is not null) prompts = shard.Of(prompts);
        if (opened.Text.PlainNote is { } plain) run.Say(plain);
        if (groups.Any(g => g.From != SampleSource.Current))
            run.Say("online.samples: `from` is of a run's iterations; here every answer is of the model that is named");
        StageInputs inputs = new StageIdentity(run.Recipe with { Online = o }).Samples(prompts, policy);
        if (format is not null) inputs.Add("answers", $"{format}");
        StageFolder stage = run.OpenStage("samples", inputs);
        string all = stage.File("all.jsonl");
        if (stage.Finished) return all;
        IGenerationEngine engine = run.Sampler(stage, opened, policy, KeptBetween.Weights, run.Recipe.Sampling.Format);
        SampleParts.Write(stage, prompts, part => AnswerSampling.Sample(engine, opened.Text, part, o.Samples, o.MaxNewTokens,
            Seeds.Derive(run.Seed, "sample"), run.Cancel, format), run.Say, PromptsPerPart);
        RowFile.Write(all, SampleParts.Read(stage));
        stage.Finish();
        return all;
    }
}
