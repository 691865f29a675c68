using System.Text.Json.Serialization;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>
/// What a run found: the content of <c>results.json</c> in the run folder, and the only thing (beside
/// <c>metrics.jsonl</c>) that the report and the model card are made from. Rates lie in 0..1, KL is in nats per answer,
/// lengths are in tokens per answer.
/// </summary>
public sealed record RunResults
{
    public const string FileName = "results.json";

    /// <summary>Name of the run, usually its folder's.</summary>
    public required string Name { get; init; }

    /// <summary>SFT, offline DPO and each online iteration, in this order.</summary>
    public required IReadOnlyList<ResultRow> Rows { get; init; }

    /// <summary>The selected online policy against the offline one.</summary>
    public HeadToHead? HeadToHead { get; init; }

    /// <summary>The reward model judged before it is trusted.</summary>
    public RewardModelResult? RewardModel { get; init; }

    /// <summary>Health signals of each online iteration, in order.</summary>
    public IReadOnlyList<IterationHealth> Iterations { get; init; } = [];

    /// <summary>Win rate against SFT over KL to SFT, for as many policies as were measured.</summary>
    public IReadOnlyList<KlPoint> KlCurve { get; init; } = [];

    /// <summary>Answers of each row to the same prompts: the first of the test set, in its order.</summary>
    public IReadOnlyList<SampleAnswers> Samples { get; init; } = [];

    /// <summary>The same online stage with the length penalty at several values (0 = off).</summary>
    public IReadOnlyList<LengthAblation> LengthAblation { get; init; } = [];

    /// <summary>The resolved recipe: every key with its value and where the value came from.</summary>
    public IReadOnlyList<ResolvedSetting> Settings { get; init; } = [];

    /// <summary>Rewards and lengths of the answers to the test prompts, for SFT, offline DPO and the released policy.</summary>
    public IReadOnlyList<AnswerDistribution> Distributions { get; init; } = [];

    /// <summary>What the stages did, in the order of their work.</summary>
    public IReadOnlyList<StageResult> Stages { get; init; } = [];

    /// <summary>What was read and dropped, a line per source.</summary>
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>The command line that made the run, or went on with it last.</summary>
    public string Command { get; init; } = "";

    /// <summary>Number of held-out prompts behind <see cref="Rows"/>.</summary>
    public int TestPrompts { get; init; }

    /// <summary>How the intervals were made, for captions.</summary>
    public string IntervalMethod { get; init; } = "95% bootstrap over prompts";

    public required ulong Seed { get; init; }

    public double WallSeconds { get; init; }

    public long PeakMemoryBytes { get; init; }

    /// <summary>Processor or accelerator, cores, operating system: one line.</summary>
    public string Machine { get; init; } = "";

    /// <summary>Whether a gold judge scored the answers; without one, win rates are the reward model's own opinion.</summary>
    [JsonIgnore]
    public bool HasGold => Rows.Any(row => row.GoldWinRate is not null || row.GoldReward is not null);
}

/// <summary>
/// One policy of the final table. Win rates are against SFT, ties counting half. The gold columns are null where no gold
/// judge exists; then the <c>rm_*</c> win rates, judged by the reward model that was optimised against, stand in.
/// </summary>
public sealed record ResultRow
{
    /// <summary>
    /// <c>sft</c>, <c>offline-dpo</c>, <c>online-dpo-1</c>, <c>online-dpo-2</c>, ...; <c>people</c> for what people
    /// answered, where that is known.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>Whether it was trained on given pairs, as a baseline; the others are the path from SFT through the iterations.</summary>
    internal bool IsOffline => Name.StartsWith("offline", StringComparison.Ordinal);

    public Interval? GoldWinRate { get; init; }

    /// <summary>Length-controlled win rate by the gold judge.</summary>
    public Interval? LcGoldWinRate { get; init; }

    public Interval? RmWinRate { get; init; }

    /// <summary>Length-controlled win rate by the reward model.</summary>
    public Interval? LcRmWinRate { get; init; }

    public Interval? GoldReward { get; init; }

    public Interval? RmReward { get; init; }

    /// <summary>Mean over prompts of log pi(y|x) - log pi_sft(y|x), y sampled from the policy. Nats per answer.</summary>
    public Interval? Kl { get; init; }

    /// <summary>
    /// Mean over prompts of log pi per token of the answer that a person gave, where that is known: a check that no reward
    /// model has a say in.
    /// </summary>
    public Interval? HumanLogProb { get; init; }

    public Interval? Length { get; init; }

    /// <summary>Share of answers that ended by themselves within the token limit.</summary>
    public double? EosRate { get; init; }

    /// <summary>Share of answers that equal another answer of this row.</summary>
    public double? DuplicateRate { get; init; }

    /// <summary>Whether this row is the released policy (chosen on held-out prompts, not on the test prompts).</summary>
    public bool Selected { get; init; }
}

/// <summary>Row <paramref name="Name"/> against row <paramref name="Against"/> on the test prompts.</summary>
/// <param name="Name">The row whose wins are counted.</param>
/// <param name="Against">The other row.</param>
/// <param name="JudgedBy"><c>gold</c> or <c>reward_model</c>.</param>
/// <param name="WinRate">Ties count half.</param>
/// <param name="LcWinRate">Length-controlled.</param>
public sealed record HeadToHead(string Name, string Against, string JudgedBy, Interval WinRate, Interval? LcWinRate);

/// <summary>How far the reward model can be trusted. Everything that needs a gold judge is null without one.</summary>
public sealed record RewardModelResult
{
    /// <summary>Accuracy on pairs that were not trained on.</summary>
    public required Interval Accuracy { get; init; }

    /// <summary>Number of those pairs.</summary>
    public int Pairs { get; init; }

    /// <summary>
    /// Accuracy on the same pairs of the rule that the answer with more tokens is the better one: what length alone tells.
    /// </summary>
    public Interval? LongerWins { get; init; }

    /// <summary>Accuracy on pairs that differ in one feature only.</summary>
    public IReadOnlyList<FeatureAccuracy> Counterfactual { get; init; } = [];

    /// <summary>Correlation with the gold score among answers to the same prompt.</summary>
    public Interval? WithinPromptCorrelation { get; init; }

    /// <summary>Gold win rate of the best of 8 SFT answers by reward against one SFT answer.</summary>
    [JsonPropertyName("best_of_8_win_rate")]
    public Interval? BestOf8WinRate { get; init; }

    /// <summary>Whether it is strong enough to optimise against.</summary>
    public required bool StrongEnough { get; init; }

    /// <summary>Whether it was judged on so few pairs that this cannot be told.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TooFew { get; init; }

    /// <summary>The verdict in a few words.</summary>
    [JsonIgnore]
    public string InShort => StrongEnough ? "Strong enough to optimise against"
        : TooFew ? "Judged on too few pairs to tell whether it can be optimised against" : "Too weak to optimise against";

    /// <summary>The verdict and its reason in one or two sentences.</summary>
    public required string Verdict { get; init; }
}

/// <summary>Accuracy on <paramref name="Pairs"/> pairs that differ in <paramref name="Feature"/> only.</summary>
public sealed record FeatureAccuracy(string Feature, Interval Accuracy, int Pairs);

/// <summary>What the sampled answers and the pairs of one online iteration looked like.</summary>
public sealed record IterationHealth
{
    /// <summary>From 1.</summary>
    public required int Iteration { get; init; }

    public int Prompts { get; init; }

    public int AnswersPerPrompt { get; init; }

    public double MeanReward { get; init; }

    /// <summary>Mean over prompts of the best answer's reward.</summary>
    public double BestOfNReward { get; init; }

    /// <summary>Mean over prompts of the worst answer's reward.</summary>
    public double WorstReward { get; init; }

    public double MeanLength { get; init; }

    public double EosRate { get; init; }

    /// <summary>Share of answers that equal another answer to the same prompt.</summary>
    public double DuplicateRate { get; init; }

    /// <summary>Pairs trained on.</summary>
    public int Pairs { get; init; }

    public int TiesDropped { get; init; }

    /// <summary>Answers left out of the pairs because they met the token limit.</summary>
    public int UnfinishedExcluded { get; init; }

    /// <summary>Mean reward difference of the pairs.</summary>
    public double Margin { get; init; }

    /// <summary>
    /// How far the engine that sampled the answers was from the policy that is trained; null where that was not measured.
    /// </summary>
    public SamplerDistance? Sampler { get; init; }

    /// <summary>KL to the reference after training, nats per answer.</summary>
    public double? Kl { get; init; }

    /// <summary>Mean reward of the trained policy on the held-out prompts that choose the released one.</summary>
    public double? SelectionReward { get; init; }
}

/// <summary>
/// How far an engine that samples is from the model that is trained, over tokens that it sampled itself at temperature 1.
/// </summary>
/// <param name="Tokens">Distributions compared.</param>
/// <param name="MeanKl">Mean KL divergence of the next token's distribution, in nats.</param>
/// <param name="TopAgreement">Share of tokens at which both have the same likeliest one.</param>
/// <param name="LogProbError">Mean difference of the sampled tokens' log-probabilities.</param>
public sealed record SamplerDistance(int Tokens, double MeanKl, double TopAgreement, double LogProbError);

/// <summary>One policy in the win-rate-over-KL picture; points of a series are joined in the given order.</summary>
/// <param name="Series">For example <c>online</c> or <c>offline</c>.</param>
/// <param name="Label">What the point is, for example <c>iteration 2</c> or <c>step 40</c>.</param>
/// <param name="Kl">Nats per answer, to SFT.</param>
/// <param name="GoldWinRate">Against SFT; null without a gold judge.</param>
/// <param name="RmWinRate">Against SFT, by the reward model.</param>
public sealed record KlPoint(string Series, string Label, double Kl, Interval? GoldWinRate, Interval? RmWinRate = null);

/// <summary>One prompt and the answers of several rows to it.</summary>
public sealed record SampleAnswers(string Prompt, IReadOnlyList<SampleAnswer> Answers);

/// <summary>The answer of row <paramref name="Name"/> with its scores.</summary>
public sealed record SampleAnswer(string Name, string Text, double? RmReward, double? GoldReward = null, bool Finished = true);

/// <summary>Length and win rates against SFT of the policy trained with this penalty (reward units per token).</summary>
/// <param name="Penalty">Reward taken off per token; 0 is off.</param>
/// <param name="JudgedBy"><c>gold</c> or <c>reward_model</c>.</param>
/// <param name="Length">Tokens per answer.</param>
/// <param name="WinRate">Ties count half.</param>
/// <param name="LcWinRate">Length-controlled.</param>
public sealed record LengthAblation(double Penalty, string JudgedBy, Interval Length, Interval WinRate, Interval? LcWinRate);

/// <summary>A recipe key, its value as written in YAML, and its origin (default, recipe line, command line).</summary>
public sealed record ResolvedSetting(string Key, string Value, string Origin);
