using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>Online iterative DPO (paper Algorithm 2 and Table 7).</summary>
public sealed record OnlineOptions : DpoOptions
{
    public OnlineOptions()
    {
        Epochs = 2;
        // The paper trains on 2048 tokens but samples up to 2048 after a prompt of 1024, so ends were lost in training.
        MaxLength = 3072;
    }

    [Comment("Rounds of sampling, scoring, pairing and training.")]
    [Range(1, 100)]
    [Decides(StagePart.Given)]
    public int Iterations { get; init; } = 3;

    [Comment("New prompts per iteration; no prompt is used twice.")]
    [Range(1, 100_000_000)]
    [Decides(StagePart.Given)]
    public int PromptsPerIteration { get; init; } = 20_000;

    [Comment("Answers sampled for each prompt. Paper: 8, half at temperature 1.0, half at 0.7; the public code: 8 (or 4) at 1.0.")]
    [MinLength(1)]
    [Decides(StagePart.Samples)]
    public IReadOnlyList<SampleOptions> Samples { get; init; } =
        [new() { Count = 4, Temperature = 1.0 }, new() { Count = 4, Temperature = 0.7 }];

    [Comment("Most tokens of a sampled answer.")]
    [Range(1, 16_777_216)]
    [Decides(StagePart.Samples)]
    public int MaxNewTokens { get; init; } = 2048;

    [Comment("Who scores the answers that are paired: reward (the reward model), or the folder of a language model that was trained to say "
        + "which of two answers is better (hone data letters); selection and evaluation always go by the reward model.")]
    [RecipePath("reward")]
    [Decides(StagePart.Given)]
    public string Judge { get; init; } = "reward";

    [Comment("What an iteration learns of its answers: dpo (pairs of them), or best_of_n: SFT on the best answer to each prompt (rejection "
        + "sampling; RAFT, arXiv 2304.06767).")]
    [Decides(StagePart.Pairs | StagePart.Training)]
    public OnlineMethod Method { get; init; } = OnlineMethod.Dpo;

    [Comment("The pair of a prompt: max_min (best and worst, the paper), max_random or max_second.")]
    [Decides(StagePart.Pairs)]
    public PairRule Pairs { get; init; } = PairRule.MaxMin;

    [Comment("Taken off an answer's reward per length unit before pairing (paper equation 9: 0.001 per character for its concise "
        + "model); 0 = off.")]
    [Range(0.0, 1000.0)]
    [Decides(StagePart.Pairs)]
    public double LengthPenalty { get; init; }

    [Comment("What the length penalty counts: characters (paper) or tokens.")]
    [Decides(StagePart.Pairs)]
    public LengthUnit LengthUnit { get; init; } = LengthUnit.Characters;

    [Comment("true keeps answers cut off at max_new_tokens out of the pairs.")]
    [Decides(StagePart.Pairs)]
    public bool ExcludeUnfinished { get; init; }

    [Comment("Reference policy: sft, fixed (paper and code of May 2024), or previous, the iteration's start (later code).")]
    [Decides(StagePart.Given)]
    public OnlineReference Reference { get; init; } = OnlineReference.Sft;

    [Comment("The learning rate is multiplied by this after each iteration.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    [Decides(StagePart.Training)]
    public double LearningRateDecay { get; init; } = 1.0;

    [Comment("An iterate further than this from SFT (KL per answer, in nats) is not accepted; null = no limit.")]
    [Range(0.0, 1e6, MinimumIsExclusive = true)]
    [Decides(StagePart.Given)]
    public double? MaxKl { get; init; }
}

/// <summary>A group of answers sampled with the same settings.</summary>
public sealed record SampleOptions
{
    [Comment("Answers per prompt.")]
    [Range(1, 1024)]
    public int Count { get; init; } = 8;

    [Comment("Softmax temperature; 0 = greedy.")]
    [Range(0.0, 10.0)]
    public double Temperature { get; init; } = 1.0;

    [Comment("Keeps the most likely tokens up to this probability; 1 = all.")]
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 1.0;

    [Comment("Keeps this many most likely tokens; 0 = all.")]
    [Range(0, 16_777_216)]
    public int TopK { get; init; }

    [Comment("Who answers in an iteration: current, the policy that it trains; previous, the one before it; or sft. Best and worst are "
        + "then those of the mixture, which explores further than one policy (paper 3.2, arXiv 2312.11456).")]
    public SampleSource From { get; init; } = SampleSource.Current;
}
