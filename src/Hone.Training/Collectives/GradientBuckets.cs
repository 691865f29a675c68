using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// The gradients of a model in buckets of some megabytes, in the order in which the backward pass finishes them: small ones travel
/// together in one buffer, large ones as they are (PyTorch's DistributedDataParallel, arXiv 2006.15704, section 3.2.3).
/// </summary>
internal sealed class GradientBuckets : IDisposable
{
    private readonly Ranks _ranks;
    private readonly Bucket[] _buckets;
    private int _begun;

    /// <param name="weights">By Hugging Face name.</param>
    /// <param name="most">Numbers in a bucket of several gradients: 25 MB, as PyTorch's.</param>
    public GradientBuckets(IReadOnlyDictionary<string, Tensor> weights, Ranks ranks, long most = 25 << 18)
    {
        _ranks = ranks;
        _buckets = [.. Cut(weights, most)];
    }

    /// <summary>Buckets that travel.</summary>
    internal int Begun => _begun;

    private sealed record Bucket(Tensor[] Weights, long Numbers, int FirstLayer)
    {
        /// <summary>[numbers] fp32 where tensors travel from; null where the gradient itself can travel.</summary>
        public Tensor? Buffer { get; set; }

        /// <summary>What was added up in order. [numbers]; null until that is asked for.</summary>
        public Tensor? Sum { get; set; }

        /// <summary>Whether the gradient itself travels, and not the buffer.</summary>
        public bool InPlace { get; set; }

        public Func<bool>? Work { get; set; }

        /// <summary>Where each weight's gradient lies in the buffer.</summary>
        public IEnumerable<(Tensor Weight, Tensor Piece)> Pieces()
        {
            long at = 0;
            foreach (Tensor weight in Weights)
            {
                yield return (weight, Buffer!.narrow(0, at, weight.numel()));
                at += weight.numel();
            }
        }
    }

    /// <summary>The backward pass is through with all layers from this one on: what is complete begins to travel.</summary>
    public void LayerDone(int layer)
    {
        while (_begun < _buckets.Length && _buckets[_begun].FirstLayer >= layer) Begin(_buckets[_begun++]);
    }

    /// <summary>Every weight's gradient is the sum over all ranks when this returns.</summary>
    public void Finish()
    {
        LayerDone(int.MinValue);
        foreach (Bucket bucket in _buckets)
        {
            _ranks.Wait(bucket.Work!);
            bucket.Work = null;
            if (!bucket.InPlace) Unpack(bucket);
        }
        _begun = 0;
    }

    /// <summary>
    /// Adds to sums the gradients that the first ranks hold, one rank after the other: the order of one process that has them all.
    /// Clears the gradients.
    /// </summary>
    /// <param name="holders">Ranks from 0 on that hold a gradient.</param>
    public void AddInOrder(int holders)
    {
        using var off = no_grad();
        foreach (Bucket bucket in _buckets)
        {
            using var scope = NewDisposeScope();
            bucket.Buffer ??= empty(bucket.Numbers, device: _ranks.Device).DetachFromDisposeScope();
            bucket.Sum ??= zeros(bucket.Numbers, device: _ranks.Device).DetachFromDisposeScope();
            Tensor other = empty_like(bucket.Buffer);
            Pack(bucket);
            for (int rank = 0; rank < holders; rank++)
            {
                Tensor carried = rank == _ranks.Rank ? bucket.Buffer : other;
                _ranks.Broadcast(carried, rank);
                bucket.Sum.AddInPlace(carried);
            }
            foreach (Tensor weight in bucket.Weights) GradientOf(weight).zero_();
        }
    }

    /// <summary>Makes the sums the gradients.</summary>
    public void TakeSums()
    {
        using var off = no_grad();
        foreach (Bucket bucket in _buckets)
        {
            if (bucket.Sum is null) continue;
            bucket.Buffer!.copy_(bucket.Sum);
            bucket.Sum.zero_();
            Unpack(bucket);
        }
    }

    public void Dispose()
    {
        foreach (Bucket bucket in _buckets)
        {
            bucket.Buffer?.Dispose();
            bucket.Sum?.Dispose();
        }
    }

    private void Begin(Bucket bucket)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        if (bucket.Weights is [var only] && GradientOf(only) is var gradient && _ranks.Carries(gradient))
        {
            // It stays the gradient while it travels.
            bucket.InPlace = true;
            bucket.Work = _ranks.AllReduce(gradient);
            return;
        }
        bucket.Buffer ??= empty(bucket.Numbers, device: _ranks.Device).DetachFromDisposeScope();
        Pack(bucket);
        bucket.Work = _ranks.AllReduce(bucket.Buffer);
    }

    /// <summary>The gradient of a weight, of zeros where this rank had nothing that it is part of.</summary>
    private static Tensor GradientOf(Tensor weight)
    {
        if (weight.grad is { } gradient) return gradient;
        weight.grad = zeros_like(weight).DetachFromDisposeScope();
        return weight.grad!;
    }

    private static void Pack(Bucket bucket)
    {
        foreach ((Tensor weight, Tensor piece) in bucket.Pieces()) piece.copy_(GradientOf(weight).reshape(-1));
    }

    private static void Unpack(Bucket bucket)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        foreach ((Tensor weight, Tensor piece) in bucket.Pieces()) weight.grad!.copy_(piece.view(weight.shape));
    }

    private static IEnumerable<Bucket> Cut(IReadOnlyDictionary<string, Tensor> weights, long most)
    {
        var open = new List<(Tensor Weight, int Layer)>();
        long numbers = 0;
        foreach ((string name, Tensor weight) in weights.OrderByDescending(w => LayerOf(w.Key)).ThenBy(w => w.Key, StringComparer.Ordinal))
        {
            long size = weight.numel();
            if (open.Count > 0 && numbers + size > most)
            {
                yield return Closed();
                (open, numbers) = ([], 0);
            }
            open.Add((weight, LayerOf(name)));
            numbers += size;
        }
        if (open.Count > 0) yield return Closed();

        Bucket Closed() => new([.. open.Select(o => o.Weight)], numbers, open.Min(o => o.Layer));
    }

    /// <summary>
    /// The layer whose backward pass completes a weight's gradient; -1 for the embedding, which is complete at the end only. Norm and head
    /// behind the last layer are complete before it.
    /// </summary>
    internal static int LayerOf(string name)
    {
        const string Layers = ".layers.";
        int at = name.IndexOf(Layers, StringComparison.Ordinal);
        if (at < 0) return name == WeightNames.Embedding ? -1 : int.MaxValue;
        string number = name[(at + Layers.Length)..];
        int dot = number.IndexOf('.', StringComparison.Ordinal);
        return int.Parse(dot < 0 ? number : number[..dot], System.Globalization.CultureInfo.InvariantCulture);
    }
}
