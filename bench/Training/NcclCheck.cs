using System.Globalization;
using Hone.Inference;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

/// <summary>
/// What one GPU shows of NCCL: one rank connects, adds known numbers up, and takes DPO steps through it as alone. Kernels, copies and
/// streams are those of several ranks; only the others are missing.
/// </summary>
internal static class NcclCheck
{
    /// <param name="library">A library that stands for libtorch's part for CUDA; null for that itself.</param>
    /// <returns>Whether all was right.</returns>
    public static bool Run(string device, string? library)
    {
        Device place = ComputeTarget.Parse(device, "fp32").Device;
        NcclLibrary nccl = NcclLibrary.Open(library is null ? CollectiveChoice.TorchCuda : Path.GetFullPath(library));
        using Ranks ranks = Ranks.OfOne(NcclCollective.Alone(nccl, Math.Max(place.index, 0), place));
        Console.WriteLine($"NCCL {nccl.Version} connects one rank on {device}");
        bool sums = Sums(ranks), steps = Steps(device, ranks);
        ranks.Leave();
        return sums && steps;
    }

    /// <summary>Numbers that kernels are still writing when the sum begins, and read when it is done.</summary>
    private static bool Sums(Ranks ranks)
    {
        bool all = true;
        for (int round = 0; round < 20; round++)
        {
            using var scope = NewDisposeScope();
            Tensor numbers = zeros(1 << 22, device: ranks.Device);
            for (int i = 0; i < 50; i++) numbers.add_(1);
            ranks.Wait(ranks.AllReduce(numbers));
            ranks.Broadcast(numbers, 0);
            all &= numbers.min().item<float>() == 50 && numbers.max().item<float>() == 50;
        }
        Console.WriteLine($"sums and copies of 16 MB behind 50 kernels, 20 times: {(all ? "ok" : "FAILED")}");
        return all;
    }

    private static bool Steps(string device, Ranks ranks)
    {
        (double[] alone, byte[] weights) = DeviceCheck.Learn("dpo", device, ScalarType.Float32, Ranks.Single);
        (double[] through, byte[] carried) = DeviceCheck.Learn("dpo", device, ScalarType.Float32, ranks);
        double apart = alone.Zip(through).Max(l => Math.Abs(l.First - l.Second));
        bool same = apart <= 1e-5; // a GPU may add up in another order each time
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"dpo    alone {alone[^1]:F6}, through NCCL {through[^1]:F6}, at most {apart:E1} apart, weights "
                + $"{(weights.AsSpan().SequenceEqual(carried) ? "of the same bits" : "of other bits")}: {(same ? "ok" : "FAILED")}"));
        return same;
    }
}
