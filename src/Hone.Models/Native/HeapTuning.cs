namespace Hone.Models;

/// <summary>glibc allocator settings for libtorch's pattern: large tensors allocated and freed every step.</summary>
internal static partial class HeapTuning
{
    public static void Apply()
    {
    }
}
