namespace Hone.Runs.Recipes;

// Choices that a layer below acts on are that layer's own: Precision, Schedule, SftLoss, LengthPolicy, PairRule, LengthUnit.

/// <summary>The world whose generated data a run learns from; none when it has files of its own.</summary>
public enum DataWorld { None, Tiny }

/// <summary>The reference policy of each online iteration.</summary>
public enum OnlineReference { Sft, Previous }
