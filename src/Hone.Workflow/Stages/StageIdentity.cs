using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// The one place that decides what a stage's result depends on: the options that go into it (all of its section that are
/// not marked otherwise), seed and arithmetic, the rows that it is given by their content, and models by their digest.
/// </summary>
/// <remarks>
/// Options marked <see cref="StagePart.Given"/> are not named here: which file, how many rows, which model to start from
/// are seen in the rows and models themselves.
/// </remarks>
internal sealed class StageIdentity(Recipe recipe)
{
    public static StageInputs Base(string weights) => new StageInputs().Add("model", $"sha256:{weights}");

    public StageInputs Sft(RunInputs data, ModelRef start) => Computed()
        .AddOptions("sft", recipe.Sft, StagePart.Training)
        .AddOptions("adapter", recipe.Adapter, StagePart.Training)
        .Add("rows", RowDigest.Of(data.Sft))
        .Add("held_out_rows", RowDigest.Of(data.SftHeldOut))
        .Add("start", start.Digest);

    /// <summary>Pairs of a person's answers and as many of the policy's own.</summary>
    public StageInputs Preferences(IReadOnlyList<HumanAnswer> human, int rejected, ModelRef policy) => Sampled()
        .Add("rows", RowDigest.Of(human))
        .Add("rejected", $"{rejected}")
        .Add("policy", policy.Digest);

    public StageInputs Reward(RunInputs data, ModelRef start) => Preferred(Computed(), data)
        .AddOptions("reward", recipe.Reward, StagePart.Training)
        .AddOptions("adapter", recipe.Adapter, StagePart.Training)
        .Add("start", start.Digest);

    public StageInputs RewardCheck(RunInputs data, ModelRef sft, ModelRef rewardModel) => Scored(Preferred(Sampled(), data))
        .AddOptions("evaluation", recipe.Evaluation, StagePart.Table) // its figures have intervals
        .Add("feature_pairs", RowDigest.Of(data.Counterfactuals))
        .Add("prompts", RowDigest.Of(data.Selection))
        .Add("gold", data.Gold is null ? "none" : "world")
        .Add("sft", sft.Digest)
        .Add("reward_model", rewardModel.Digest);

    /// <summary>Its pairs are held to its lengths in the stage, and not before.</summary>
    /// <param name="options">Those of the recipe, or of one policy of its sweep.</param>
    public StageInputs OfflineDpo(OfflineDpoOptions options, RunInputs data, ModelRef start)
    {
        StageInputs inputs = Scored(Preferred(Computed(), data))
            .AddOptions("offline_dpo", options, StagePart.Training | StagePart.Given)
            .AddOptions("adapter", recipe.Adapter, StagePart.Training)
            .Add("start", start.Digest);
        return data.Labelled is not { } labelled ? inputs : inputs
            .Add("labelled", RowDigest.Of(labelled))
            .Add("held_out_labelled", RowDigest.Of(data.LabelledHeldOut ?? []));
    }

    public StageInputs Samples(IReadOnlyList<PromptRow> prompts, ModelRef policy) => Computed()
        .AddOptions("sampling", recipe.Sampling, StagePart.Samples)
        .AddOptions("online", recipe.Online, StagePart.Samples)
        .Add("prompts", RowDigest.Of(prompts))
        .Add("start", policy.Digest);

    /// <param name="rewardModel">What scores the answers.</param>
    /// <param name="reference">What DPO is regularised to.</param>
    /// <param name="samples">The answers.</param>
    public StageInputs Pairs(ModelRef rewardModel, ModelRef reference, params IReadOnlyList<StageFolder> samples) => samples.Aggregate(
        Scored(Computed())
            .AddOptions("online", recipe.Online, StagePart.Pairs)
            .Add("adapter.frozen", Held())
            .Add("reward_model", rewardModel.Digest)
            .Add("reference", reference.Digest),
        (inputs, stage) => inputs.AddStage(Path.GetFileName(stage.Name), stage));

    /// <param name="options">As <see cref="OnlineIteration.Options"/> gives them for the iteration.</param>
    public StageInputs OnlineDpo(OnlineOptions options, StageFolder pairs, ModelRef start) => Computed()
        .AddOptions("online", options, StagePart.Training)
        .AddOptions("adapter", recipe.Adapter, StagePart.Training)
        .AddStage("pairs", pairs)
        .Add("start", start.Digest);

    /// <param name="prompts">That the policy answers.</param>
    /// <param name="human">What people answered to them, where its log-probability is taken.</param>
    public StageInputs Evaluation(
        IReadOnlyList<PromptRow> prompts, bool gold, IReadOnlyList<HumanAnswer>? human, ModelRef policy, ModelRef sft,
        ModelRef rewardModel) =>
        Scored(Computed())
            .AddOptions("evaluation", recipe.Evaluation, StagePart.Answers)
            .Add("prompts", RowDigest.Of(prompts))
            .Add("people", RowDigest.Of(human))
            .Add("gold", gold ? "world" : "none")
            .Add("policy", policy.Digest)
            .Add("sft", sft.Digest)
            .Add("reward_model", rewardModel.Digest);

    public StageInputs People(IReadOnlyList<HumanAnswer> human, ModelRef rewardModel) => Scored(Computed())
        .Add("people", RowDigest.Of(human))
        .Add("reward_model", rewardModel.Digest);

    /// <summary>Pairs of files with their reference log-probabilities, outside of a run.</summary>
    public StageInputs Reference(IReadOnlyList<string> files, ModelRef start, ModelRef? reference, KnownDigests known)
    {
        StageInputs inputs = Scored(Computed()).AddOptions("offline_dpo", recipe.OfflineDpo, StagePart.Given)
            .Add("adapter.frozen", Held())
            .Add("data.filters", string.Join(", ", recipe.Data.Filters))
            .Add("data.columns", string.Join(", ", recipe.Data.Columns))
            .AddOptions("data.cleaning", recipe.Data.Cleaning, StagePart.Given)
            .Add("reference", reference?.Digest ?? "none")
            .Add("tokens", start.Digest);
        for (int i = 0; i < files.Count; i++) inputs.AddContent($"pairs[{i}]", files[i], known);
        return inputs;
    }

    /// <summary>KTO on files of labelled answers, outside of a run.</summary>
    public StageInputs Kto(RunInputs data, ModelRef start, ModelRef reference) =>
        OfflineDpo(recipe.OfflineDpo, data, start).Add("reference", reference.Digest);

    /// <summary>DPO on such pairs.</summary>
    /// <param name="heldOut">Pairs of them that are not trained on.</param>
    public StageInputs Dpo(StageFolder pairs, int heldOut, ModelRef start) => Computed()
        .AddOptions("offline_dpo", recipe.OfflineDpo, StagePart.Training)
        .AddOptions("adapter", recipe.Adapter, StagePart.Training)
        .AddStage("pairs", pairs)
        .Add("held_out", $"{heldOut}")
        .Add("start", start.Digest);

    /// <summary>How the frozen matrices of a policy's reference are held: as its own (<see cref="RunContext.OpenReference"/>).</summary>
    private string Held() => $"{(recipe.Adapter.Rank == 0 ? FrozenFormat.Compute : recipe.Adapter.Frozen)}";

    /// <summary>What everything that computes depends on: the recipe's own options, such as seed and precision.</summary>
    private StageInputs Computed() => new StageInputs().AddOptions("", recipe, StagePart.Training);

    /// <summary>One or several answers to a prompt in settings of the stage's own, of the length of the run's samples.</summary>
    private StageInputs Sampled() => Computed()
        .AddOptions("sampling", recipe.Sampling, StagePart.Samples)
        .Add("online.max_new_tokens", $"{recipe.Online.MaxNewTokens}");

    /// <summary>Passes that score are as large as those of SFT, and the sum of a pass depends on its size in the last digits.</summary>
    private StageInputs Scored(StageInputs inputs) => inputs.Add("sft.micro_batch_tokens", $"{recipe.Sft.MicroBatchTokens}");

    private static StageInputs Preferred(StageInputs inputs, RunInputs data) => inputs
        .Add("preferences", RowDigest.Of(data.Preferences) + data.PreferencesFrom)
        .Add("held_out_preferences", RowDigest.Of(data.PreferencesHeldOut));
}
