using System.Security.Cryptography;
using System.Text.Json;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Sums and counts of one pass of a step. <paramref name="Number"/> is its place among the batch's passes.</summary>
internal sealed record PassMetrics(int Number, Dictionary<string, double[]> Sums);

/// <summary>What a rank tells of its share of a step; <paramref name="Broken"/> is a loss that is not finite.</summary>
internal sealed record StepPart(IReadOnlyList<PassMetrics> Passes, double? Broken);

/// <summary>
/// What of a training several ranks share: gradients, the decision on each step, weights and moments where the optimiser's state is
/// sharded, and the proof that all have the same weights.
/// </summary>
internal sealed class SharedState : IDisposable
{
    /// <summary>Steps between two comparisons of all ranks' weights.</summary>
    public const int CheckEvery = 100;

    private const int Hashed = 1 << 24;

    private readonly IReadOnlyDictionary<string, Tensor> _trained;
    private readonly TrainingOptions _options;
    private readonly Ranks _ranks;
    // Which rank holds the moments of each weight; null where all hold all.
    private readonly Dictionary<string, int>? _owners;

    public SharedState(IReadOnlyDictionary<string, Tensor> trained, TrainingOptions options, Ranks ranks)
    {
        (_trained, _options, _ranks) = (trained, options, ranks);
        Buckets = new GradientBuckets(trained, ranks);
        if (options.ShardOptimizer) _owners = BatchShare.Owners(trained.ToDictionary(w => w.Key, w => w.Value.numel()), ranks.Size);
    }

    public GradientBuckets Buckets { get; }

    /// <summary>What this rank's optimiser updates.</summary>
    public IReadOnlyDictionary<string, Tensor> Owned =>
        _owners is null ? _trained : _trained.Where(w => Own(w.Key)).ToDictionary();

    /// <summary>Adds what all ranks know of their passes to rank 0's metrics, in the order of the passes.</summary>
    /// <returns>On rank 0 a loss that is not finite, where some rank has one.</returns>
    public double? Gather(IReadOnlyList<PassMetrics> own, double? broken, StepMetrics metrics)
    {
        StepPart[] parts = [.. _ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(new StepPart(own, broken), RankJson.Default.StepPart))
            .Select(bytes => JsonSerializer.Deserialize(bytes, RankJson.Default.StepPart)!)];
        foreach (PassMetrics pass in parts.SelectMany(p => p.Passes).OrderBy(p => p.Number))
            foreach ((string name, double[] sum) in pass.Sums) metrics.Add(name, sum[0], sum[1]);
        return parts.Select(p => p.Broken).FirstOrDefault(b => b is not null);
    }

    /// <summary>Rank 0's decision: the norm by which all clip, or null where the step is left out.</summary>
    public double? Decide(double? norm)
    {
        byte[] said = _ranks.FromLeader(norm is { } n ? BitConverter.GetBytes(n) : [])!;
        return said.Length == 0 ? null : BitConverter.ToDouble(said);
    }

    /// <summary>After an update: clears the gradients of what others own, and gives all weights to all.</summary>
    public void ShareWeights()
    {
        if (_owners is null) return;
        using var off = no_grad();
        foreach ((string name, Tensor weight) in _trained)
            if (!Own(name)) weight.grad?.zero_();
        _ranks.Broadcast(_trained.Select(w => (w.Value, _owners[w.Key])));
    }

    /// <summary>The state as one process has it, in its order: what others own is made, given out, and freed after it.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Whole(AdamW optimiser, Tensor guard)
    {
        foreach ((string name, Tensor weight) in _trained) yield return ($"weight/{name}", weight);
        foreach ((string name, Tensor weight) in _trained)
        {
            bool own = Own(name);
            (Moment mean, Moment square) = own ? optimiser.MomentsOf(name) : AdamW.NewMoments(weight, _options.OptimizerState);
            foreach ((string, Tensor) part in AdamW.StateOf(name, (mean, square))) yield return part;
            if (own) continue;
            mean.Dispose();
            square.Dispose();
        }
        yield return ("guard", guard);
    }

    /// <summary>Rank 0 saves the whole state; the moments that others own come to it first.</summary>
    public void Save(AdamW optimiser, Tensor guard, Action<IReadOnlyDictionary<string, Tensor>> save)
    {
        var carried = new List<Moment>();
        var state = _trained.ToDictionary(w => "weight/" + w.Key, w => w.Value);
        foreach ((string name, Tensor weight) in _trained)
        {
            (Moment Mean, Moment Square) moments =
                Own(name) ? optimiser.MomentsOf(name) : AdamW.NewMoments(weight, _options.OptimizerState);
            foreach ((string part, Tensor tensor) in AdamW.StateOf(name, moments))
            {
                if (_owners is not null) _ranks.Broadcast(tensor, _owners[name]);
                state[part] = tensor;
            }
            if (Own(name)) continue;
            carried.AddRange([moments.Mean, moments.Square]);
            if (!_ranks.Leads) Free(carried);
        }
        state["guard"] = guard;
        if (_ranks.Leads) save(state);
        Free(carried);
    }

    /// <exception cref="TrainingException">A rank has other weights than rank 0.</exception>
    public void RequireSameWeights(string when, IEnumerable<Tensor> weights)
    {
        byte[][] digests = _ranks.Gather(DigestOf(weights));
        int[] others = [.. digests.Index().Where(d => !d.Item.AsSpan().SequenceEqual(digests[0])).Select(d => d.Index)];
        if (others.Length > 0)
            throw new TrainingException($"{string.Join(" and ", others.Select(r => $"rank {r} on {_ranks.Hosts[r]}"))}: the weights {when} "
                + $"are not those of rank 0 on {_ranks.Hosts[0]}.\n  See that all ranks read the same model, and compute on the same kind "
                + "of machine.");
    }

    public void Dispose() => Buckets.Dispose();

    /// <summary>SHA-256 of the weights' bytes.</summary>
    internal static byte[] DigestOf(IEnumerable<Tensor> weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var off = no_grad();
        foreach (Tensor weight in weights)
        {
            if (weight.numel() == 0) continue;
            using var scope = NewDisposeScope();
            Tensor flat = weight.detach().reshape(-1).cpu();
            for (long at = 0; at < flat.shape[0]; at += Hashed)
            {
                using Tensor piece = flat.narrow(0, at, Math.Min(Hashed, flat.shape[0] - at)).contiguous();
                hash.AppendData(piece.bytes);
            }
        }
        return hash.GetHashAndReset();
    }

    private bool Own(string weight) => _owners is null || _owners[weight] == _ranks.Rank;

    private static void Free(List<Moment> moments)
    {
        foreach (Moment moment in moments) moment.Dispose();
        moments.Clear();
    }
}
