namespace Hone.Runs.Recipes;

// Choices that a layer below acts on are that layer's own: Precision, Schedule, SftLoss, LengthPolicy, PairRule, LengthUnit.

/// <summary>The world whose generated data a run learns from; none when it has files of its own.</summary>
public enum DataWorld { None, Tiny }

/// <summary>The reference policy of each online iteration.</summary>
public enum OnlineReference { Sft, Previous }

/// <summary>The weights that a training leaves: the last, or those with the lowest held-out loss among its evaluations.</summary>
public enum KeptWeights { Last, Best }

/// <summary>What an online iteration learns of its scored answers.</summary>
public enum OnlineMethod { Dpo, BestOfN }

/// <summary>The policy that answers are sampled from: the one that is trained, the iterate before it, or SFT's.</summary>
public enum SampleSource { Current, Previous, Sft }

/// <summary>What carries tensors between the ranks of a training.</summary>
public enum RankEngine { Auto, Gloo, Mpi, Nccl }
