namespace Hone.Data;

/// <summary>Which two of K scored answers make the pair. The chosen one is the best in all of them.</summary>
public enum PairRule
{
    /// <summary><c>max_min</c>: best against worst, the rule of the online-RLHF recipe.</summary>
    MaxMin,

    /// <summary><c>max_random</c>: best against the first of the others, which is a random one as samples are.</summary>
    MaxRandom,

    /// <summary><c>max_max</c>: best against second best.</summary>
    MaxSecond,
}

/// <summary>What a length penalty counts: characters are Unicode code points, tokens those that were sampled.</summary>
public enum LengthUnit { Characters, Tokens }

/// <summary>How pairs are made from scored samples.</summary>
/// <param name="Rule">Which answers are compared.</param>
/// <param name="LengthPenalty">Taken off the reward per unit of the answer's length; the paper's eq. 9 has 0.001 per character.</param>
/// <param name="LengthUnit">What a unit is; tokens need <c>response_ids</c>.</param>
/// <param name="ExcludeUnfinished">Leaves out answers whose finish reason is <c>length</c>.</param>
public sealed record PairOptions(
    PairRule Rule = PairRule.MaxMin,
    double LengthPenalty = 0,
    LengthUnit LengthUnit = LengthUnit.Characters,
    bool ExcludeUnfinished = false);
