using Hone.Data;
using Hone.Workflow.Recipes;

namespace Hone.Workflow;

/// <summary>How a recipe says that pairs are made from scored answers.</summary>
public static class Pairing
{
    public static PairOptions Options(OnlineOptions o) => new(
        o.Pairs switch
        {
            Recipes.PairRule.MaxRandom => Data.PairRule.MaxRandom,
            Recipes.PairRule.MaxSecond => Data.PairRule.MaxSecond,
            _ => Data.PairRule.MaxMin,
        },
        o.LengthUnit == LengthUnit.Characters ? o.LengthPenalty : 0,
        o.LengthUnit == LengthUnit.Tokens ? o.LengthPenalty : 0,
        o.ExcludeUnfinished);
}
