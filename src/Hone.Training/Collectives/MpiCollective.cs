using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>The collectives of an MPI library, for sites whose network is known to MPI.</summary>
internal sealed unsafe class MpiCollective(MpiLibrary mpi) : ICollective
{
    // MPI counts in 32 bits.
    private const long Most = 1 << 30;

    public string Name => "mpi";

    public Device Device => CPU;

    public Func<bool> AllReduce(Tensor tensor)
    {
        byte* at = (byte*)TensorMemory.Address(tensor);
        return Pieces(tensor, tensor.numel(), (begin, count) => mpi.AllReduce(at + (begin * sizeof(float)), count));
    }

    public Func<bool> Broadcast(Tensor tensor, int root)
    {
        byte* at = (byte*)TensorMemory.Address(tensor);
        return Pieces(tensor, tensor.numel() * tensor.ElementSize, (begin, count) => mpi.Broadcast(at + begin, count, root));
    }

    public void Dispose() => mpi.Finish();

    /// <summary>To finish would be to wait for the others.</summary>
    public void Abort()
    {
    }

    private Func<bool> Pieces(Tensor tensor, long length, Func<long, int, nint> begin)
    {
        var open = new Queue<nint>();
        for (long at = 0; at < length; at += Most) open.Enqueue(begin(at, (int)Math.Min(Most, length - at)));
        return () =>
        {
            while (open.TryPeek(out nint request) && mpi.Test(request)) open.Dequeue();
            GC.KeepAlive(tensor);
            return open.Count == 0;
        };
    }
}
