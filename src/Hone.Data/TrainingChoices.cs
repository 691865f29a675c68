namespace Hone.Data;

/// <summary>What of a forward pass is kept for the backward pass: all of it, or the input of each layer.</summary>
public enum ActivationCheckpoints { None, Block }

/// <summary>The number format of an optimiser's moments.</summary>
public enum OptimizerState { Fp32, Bf16, Int8 }
