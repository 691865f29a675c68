using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Where a tensor's numbers lie, for kernels of Hone's own.</summary>
internal static partial class TensorMemory
{
    /// <summary>Native memory of a contiguous CPU tensor; stays valid as long as the tensor lives.</summary>
    /// <remarks>Its temporaries are held: the collector may free what only a native call under way still reads (decision 0006).</remarks>
    public static unsafe void* Address(Tensor t)
    {
        using Tensor flat = t.flatten(), first = flat.narrow(0, 0, 1);
        return Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    /// <summary>Memory of a contiguous tensor on whichever device it lies; stays valid as long as the tensor lives.</summary>
    public static nint DeviceAddress(Tensor t)
    {
        nint at = Data(t.Handle);
        GC.KeepAlive(t);
        return at;
    }

    /// <summary>TorchSharp's own way to a tensor's memory, which keeps libtorch's exceptions to itself.</summary>
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Data(nint tensor);
}
