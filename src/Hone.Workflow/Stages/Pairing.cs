using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>How a recipe says that pairs are made from scored answers.</summary>
internal static class Pairing
{
    public static PairOptions Options(OnlineOptions o) => new(o.Pairs, o.LengthPenalty, o.LengthUnit, o.ExcludeUnfinished);
}
