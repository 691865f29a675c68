namespace Hone.Data;

/// <summary>Arithmetic of the forward and backward pass. It stands in the lowest project that the recipe and the engine both see.</summary>
public enum Precision { Fp32, Bf16 }
