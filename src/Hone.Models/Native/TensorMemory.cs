using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Where a tensor's numbers lie, for kernels of Hone's own.</summary>
internal static class TensorMemory
{
    /// <summary>Native memory of a contiguous CPU tensor; stays valid as long as the tensor lives.</summary>
    public static unsafe void* Address(Tensor t) => Unsafe.AsPointer(ref MemoryMarshal.GetReference(t.flatten().narrow(0, 0, 1).bytes));
}
