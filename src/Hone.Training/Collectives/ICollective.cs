using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// What carries tensors between the ranks of a training. Every rank calls the same methods in the same order with tensors of the same
/// shape; these lie contiguously in the memory of the CPU, and live until the call is done.
/// </summary>
/// <remarks>
/// A call begins the work and returns how it stands: false while it goes on, true when it is done. It throws <see cref="IOException"/>
/// where it failed, which a lost peer is the usual cause of. Nothing here waits, so the caller can name the rank that is missing.
/// </remarks>
internal interface ICollective : IDisposable
{
    /// <summary>Its name in the recipe.</summary>
    string Name { get; }

    /// <summary>Adds fp32 numbers up over all ranks, in place; every rank gets the same bits.</summary>
    Func<bool> AllReduce(Tensor tensor);

    /// <summary>Gives every rank the tensor of one of them, in place.</summary>
    Func<bool> Broadcast(Tensor tensor, int root);
}
