namespace Hone.Workflow.World;

/// <summary>How a part of an answer speaks to the reader.</summary>
internal enum Tone
{
    Neutral,
    Polite,
    Rude,
}

/// <summary>
/// What the gold judge saw in an answer. <paramref name="Relevance"/> in [-1, 1]; <paramref name="OnTopicSentences"/>
/// distinct, at most 4; <paramref name="RepeatedShare"/> of 4-grams in [0, 1]; <paramref name="Tokens"/> the length.
/// </summary>
internal sealed record GoldScore(
    double Relevance, int OnTopicSentences, Tone Opening, Tone Closing, bool Ended, double RepeatedShare, int Tokens)
{
    /// <summary>Answers of fewer tokens are fined.</summary>
    public const int ShortLength = 12;

    public double RelevanceScore => 1.5 * Relevance;

    public double CompletenessScore => .4 * OnTopicSentences;

    public double OpeningScore => ToneScore(Opening);

    public double ClosingScore => ToneScore(Closing);

    public double EndingScore => Ended ? .8 : -.5;

    public double RepetitionScore => -3 * RepeatedShare;

    /// <summary>The deliberate mild length bias: one point per hundred tokens up to 60, and a fine below 12.</summary>
    public double LengthScore => .01 * Math.Min(Tokens, 60) - (Tokens < ShortLength ? .8 : 0);

    public double Total =>
        RelevanceScore + CompletenessScore + OpeningScore + ClosingScore + EndingScore + RepetitionScore + LengthScore;

    private static double ToneScore(Tone tone) => tone switch { Tone.Polite => .7, Tone.Rude => -1, _ => 0 };
}
