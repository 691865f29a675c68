using Hone.Data;
using Hone.Inference;

namespace Hone.Workflow;

/// <summary>
/// One policy's answers to the test prompts, one a prompt, with everything the final table needs: rewards, gold scores
/// where there is a judge, lengths, and the log-ratio to SFT (whose mean over on-policy samples is the KL).
/// </summary>
/// <param name="Gold">Gold score of each answer, null without a judge. [prompts]</param>
/// <param name="Rewards">Reward of each answer. [prompts]</param>
/// <param name="LogRatios">log pi(y|x) - log pi_sft(y|x), of samples at temperature 1; empty where no policy wrote the answers.
/// [prompts]</param>
/// <param name="HumanLogProbs">log pi per token of the answer that a person gave to each prompt, where that is known. [prompts]</param>
internal sealed record PolicyAnswers(
    string Name, IReadOnlyList<SampleRow> Rows, double[]? Gold, double[] Rewards, double[] LogRatios, double[]? HumanLogProbs = null)
{
    /// <summary>Tokens of each answer. [prompts]</summary>
    public int[] TokenCounts => [.. Rows.Select(r => r.ResponseIds![0].Length)];

    public double EosRate => Rows.Average(r => r.FinishReasons![0] == FinishReasons.Stop ? 1.0 : 0);

    /// <summary>Share of answers that equal another one, whatever the prompt.</summary>
    public double DuplicateRate
    {
        get
        {
            ILookup<string, SampleRow> byText = Rows.ToLookup(r => r.Responses[0]);
            return Rows.Average(r => byText[r.Responses[0]].Skip(1).Any() ? 1.0 : 0);
        }
    }

    /// <summary>What win rates are counted in: gold scores, or rewards where there is no gold judge.</summary>
    public double[] Scores => Gold ?? Rewards;
}
