using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// What carries tensors between the ranks of a training. Every rank calls the same methods in the same order with tensors of the same
/// shape; these lie contiguously in the memory of <see cref="Device"/>, and live until the call is done.
/// </summary>
/// <remarks>
/// A call begins the work and returns how it stands: false while it goes on, true when it is done. It throws <see cref="IOException"/>
/// where it failed, which a lost peer is the usual cause of. Nothing here waits, so the caller can name the rank that is missing.
/// Disposed of when all ranks have done all their work.
/// </remarks>
internal interface ICollective : IDisposable
{
    /// <summary>Its name in the recipe.</summary>
    string Name { get; }

    /// <summary>Where its tensors lie.</summary>
    Device Device { get; }

    /// <summary>Adds fp32 numbers up over all ranks, in place; every rank gets the same bits.</summary>
    Func<bool> AllReduce(Tensor tensor);

    /// <summary>Gives every rank the tensor of one of them, in place.</summary>
    Func<bool> Broadcast(Tensor tensor, int root);

    /// <summary>Ends where work may still be under way, which nobody waits for any more.</summary>
    void Abort();
}
