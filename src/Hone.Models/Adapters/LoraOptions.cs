namespace Hone.Models;

/// <summary>
/// Low-rank adaptation (Hu et al. 2021, arXiv 2106.09685): a frozen matrix W computes as W + scale B A, and only A
/// [rank, in] and B [out, rank] are trained. Names and meanings are PEFT's.
/// </summary>
public sealed record LoraOptions
{
    /// <summary>PEFT's word for every matrix of the layers.</summary>
    public const string AllLinear = "all-linear";

    public required int Rank { get; init; }

    public required double Alpha { get; init; }

    /// <summary>Share of the inputs of A that training leaves out at random.</summary>
    public double Dropout { get; init; }

    /// <summary>Last parts of the names of the adapted matrices, such as <c>q_proj</c>; or <see cref="AllLinear"/> alone.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [AllLinear];

    /// <summary>Divides alpha by the square root of the rank (rsLoRA, arXiv 2312.03732) in place of the rank.</summary>
    public bool RankStabilised { get; init; }

    public double Scale => ScaleOf(Alpha, Rank);

    internal double ScaleOf(double alpha, long rank) => alpha / (RankStabilised ? Math.Sqrt(rank) : rank);
}
