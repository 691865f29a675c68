using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Names that a backward function of ours has for gradients. TorchSharp gives what comes in, and we what goes out, to the dispose
/// scope of the whole pass, where every layer's gradients would live until its end.
/// </summary>
internal static class BackwardHandles
{
    [ThreadStatic]
    private static Tensor?[]? s_returned;

    /// <summary>A gradient to return. libtorch takes it when the function has ended, so it lives until the next is returned.</summary>
    /// <param name="gradient">What the function returns.</param>
    /// <param name="incoming">What came in, which the function has read.</param>
    public static Tensor Return(Tensor gradient, Tensor incoming) => Return([gradient], incoming)[0]!;

    /// <summary>The same of several; null where none is wanted.</summary>
    public static Tensor?[] Return(Tensor?[] gradients, params ReadOnlySpan<Tensor> incoming)
    {
        foreach (Tensor? earlier in s_returned ?? []) earlier?.Dispose();
        s_returned = gradients;
        foreach (Tensor read in incoming) read.Dispose();
        return gradients;
    }
}
