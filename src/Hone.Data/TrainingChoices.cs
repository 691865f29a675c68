namespace Hone.Data;

/// <summary>
/// What of a forward pass is kept for the backward pass: all of it, the input of each layer, or whichever the memory asks for.
/// </summary>
public enum ActivationCheckpoints { None, Block, Auto }

/// <summary>The number format of an optimiser's moments.</summary>
public enum OptimizerState { Fp32, Bf16, Int8 }

/// <summary>How the frozen matrices under an adapter are held: as computed with, or in 8 or 4 bits a value.</summary>
public enum FrozenFormat { Compute, Int8, Nf4 }

/// <summary>
/// The number format in which answers are sampled: as the model computes, or on the CPU with its matrices held in another.
/// </summary>
public enum SamplingFormat { Auto, Fp32, Bf16, Int8, Int4 }
