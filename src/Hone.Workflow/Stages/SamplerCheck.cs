using Hone.Data;
using Hone.Inference;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>
/// Before answers are sampled: how far the engine that samples, in its number format, is from the policy that is trained.
/// </summary>
internal static class SamplerCheck
{
    private const string FileName = "sampler.json";
    private const int Prompts = 4, LongestPrompt = 256, NewTokens = 32;

    /// <param name="sampler">What is going to sample; servers are held to the policy by fingerprints.</param>
    /// <exception cref="InputException">It is further than <c>sampling.max_kl_from_training</c>.</exception>
    public static void Run(
        RunContext run, StageFolder stage, PretrainedModel policy, IGenerationEngine sampler, IReadOnlyList<PromptRow> prompts)
    {
        if (sampler is not Scheduler here) return;
        int room = policy.Model.Config.MaxPositions;
        int[][] starts = [.. prompts.Take(Prompts).Select(p => policy.Text.Examples.Prompt(p.Messages))];
        starts = [.. starts.Select(ids => ids[..Math.Min(ids.Length, Math.Min(LongestPrompt, room - 1))])];
        ulong seed = Seeds.Derive(run.Seed, $"{stage.Name}/sampler");
        EngineFidelity found = here.Measure(engine => EngineFidelity.Measure(policy.Model, engine, starts, room, seed, NewTokens));
        string name = run.Recipe.Sampling.Format.ToString().ToLowerInvariant();
        string figures = FormattableString.Invariant($"{found.MeanKl:G3} nats per token from the policy, the same likeliest token ")
            + FormattableString.Invariant($"{found.TopAgreement:P1}, log-probabilities off by {found.LogProbError:G3}");
        if (found.MeanKl > run.Recipe.Sampling.MaxKlFromTraining)
            throw new InputException(
                $"the engine that samples ({name}) is {figures}; the limit is {run.Recipe.Sampling.MaxKlFromTraining} nats per token",
                "sampling.max_kl_from_training", "Sample in a wider format (sampling.format: bf16 or fp32), or raise the limit.");
        run.Say($"{stage.Name}: the engine that samples ({name}) is {figures}");
        var distance = new SamplerDistance(found.Tokens, found.MeanKl, found.TopAgreement, found.LogProbError);
        ResultFile.Write(stage.File(FileName), distance);
        stage.Append(0, new Dictionary<string, double>
        {
            ["sampler/kl"] = distance.MeanKl,
            ["sampler/same_top"] = distance.TopAgreement,
            ["sampler/logprob_error"] = distance.LogProbError,
        });
    }

    /// <summary>What a stage found; null for one of before it was measured.</summary>
    public static SamplerDistance? Read(StageFolder stage) =>
        File.Exists(Path.Combine(stage.Path, FileName)) ? ResultFile.ReadDistance(stage.File(FileName)) : null;
}
