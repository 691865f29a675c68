using Hone.Data;
using Hone.Inference;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>The health signals of one online iteration, from its scored samples and its pairs.</summary>
internal static class IterationSummary
{
    public static IterationHealth Of(int iteration, IReadOnlyList<SampleRow> scored, IReadOnlyList<PairRow> pairs, DataReport pairing)
    {
        string[] finishes = [.. scored.SelectMany(r => r.FinishReasons!)];
        return new IterationHealth
        {
            Iteration = iteration,
            Prompts = scored.Count,
            AnswersPerPrompt = scored.Max(r => r.Count),
            MeanReward = scored.Average(r => r.Rewards!.Average()),
            BestOfNReward = scored.Average(r => r.Rewards!.Max()),
            WorstReward = scored.Average(r => r.Rewards!.Min()),
            MeanLength = scored.SelectMany(r => r.ResponseIds!).Average(a => (double)a.Length),
            EosRate = finishes.Average(f => f == FinishReasons.Stop ? 1.0 : 0),
            DuplicateRate = scored.Average(r => 1 - ((double)r.Responses.Distinct(StringComparer.Ordinal).Count() / r.Count)),
            Pairs = pairs.Count,
            TiesDropped = pairing.Dropped.GetValueOrDefault(DropReason.Tie)
                + pairing.Dropped.GetValueOrDefault(DropReason.IdenticalAnswers),
            UnfinishedExcluded = pairing.Changed.GetValueOrDefault(DropReason.UnfinishedExcluded),
            Margin = pairs.Average(p => p.Margin!.Value),
        };
    }
}
