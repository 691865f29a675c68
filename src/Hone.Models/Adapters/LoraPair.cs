using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>The two matrices that adapt one projection. Earlier ones may lie under them, which are trained no more.</summary>
/// <param name="Down">A. [rank, in], fp32</param>
/// <param name="Up">B. [out, rank], fp32</param>
/// <param name="Scale">What B A is multiplied by.</param>
internal sealed record LoraPair(Tensor Down, Tensor Up, double Scale) : IDisposable
{
    /// <summary>Of an adapter that this one was begun on; null for none.</summary>
    public LoraPair? Under { get; init; }

    /// <summary>What is added to the matrix, in fp32. [out, in]</summary>
    public Tensor Delta()
    {
        Tensor own = matmul(Up, Down).Times(Scale);
        return Under is null ? own : own.Plus(Under.Delta());
    }

    /// <summary>One pair that computes the same as this and those under it: their ranks side by side.</summary>
    public LoraPair Flat()
    {
        if (Under?.Flat() is not { } under) return this;
        return new LoraPair(cat([Down, under.Down], 0), cat([Up, under.Up.Times(under.Scale / Scale)], 1), Scale);
    }

    public void Dispose()
    {
        Down.Dispose();
        Up.Dispose();
        Under?.Dispose();
    }
}
