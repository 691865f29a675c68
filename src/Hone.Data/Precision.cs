namespace Hone.Data;

/// <summary>Arithmetic of the forward and backward pass. It stands in the lowest project that the recipe and the engine both see.</summary>
public enum Precision { Fp32, Bf16 }

/// <summary>Why the formats are those two.</summary>
internal static class Precisions
{
    public const string NoHalf = "fp16 ends at 65,504 and loses gradients below 6e-8, so it needs a loss scale that is searched for and "
        + "steps that are thrown away; bf16 has the range of fp32 in as many bits";
}
