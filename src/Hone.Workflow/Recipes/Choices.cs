namespace Hone.Workflow.Recipes;

/// <summary>Arithmetic of the forward and backward pass.</summary>
public enum Precision { Fp32, Bf16 }

/// <summary>The world whose generated data a run learns from; none when it has files of its own.</summary>
public enum DataWorld { None, Tiny }

/// <summary>Shape of the learning rate after warm-up.</summary>
public enum LearningRateSchedule { Cosine, Linear, Constant }

/// <summary>Which tokens of a conversation SFT learns.</summary>
public enum LossOn { Assistant, All }

/// <summary>The DPO loss (Rafailov et al. 2023, arXiv 2305.18290, equation 7).</summary>
public enum DpoLossKind { Sigmoid }

/// <summary>The reference policy of each online iteration.</summary>
public enum OnlineReference { Sft, Previous }

/// <summary>Which two answers of a prompt become its pair.</summary>
public enum PairRule { MaxMin, MaxRandom, MaxSecond }

/// <summary>What the length penalty counts.</summary>
public enum LengthUnit { Characters, Tokens }
