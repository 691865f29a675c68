using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Hone.Inference.Engines.Cpu;

/// <summary>A line of memory asked for before it is needed, where the processor can be asked; no address is wrong.</summary>
internal static unsafe class CacheLine
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* at)
    {
        if (Sse.IsSupported) Sse.Prefetch0(at);
    }
}
