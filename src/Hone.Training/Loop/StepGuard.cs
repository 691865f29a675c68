using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>A step that was left out: what was wrong with it, and the examples that most likely did it.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Reason">What was seen.</param>
/// <param name="Examples">Indices among <see cref="Trainer{TExample}.Examples"/>.</param>
internal sealed record SkippedStep(int Step, string Reason, IReadOnlyList<int> Examples);

/// <summary>
/// Decides whether a step is taken: not where its loss or gradient is not finite, nor, where that is asked for, where its loss lies
/// far above those of the last steps. What it remembers is one tensor of the training state, so a resumed training decides alike.
/// </summary>
/// <param name="spikes">Standard deviations above the mean of the last losses that are too much; null for no such rule.</param>
internal sealed class StepGuard(double? spikes) : IDisposable
{
    private const int Window = 64, Fewest = 32, Skips = 0, Row = 1, Seen = 2, Losses = 3;

    private readonly Tensor _memory = zeros(Losses + Window).DetachFromDisposeScope();

    /// <summary>Steps left out, of them one after another until now, losses seen, and the last of these in a ring. fp32</summary>
    public Tensor State => _memory;

    public int Skipped => (int)Get(Skips);

    public int InARow => (int)Get(Row);

    /// <summary>What is wrong with a step; null where it is to be taken.</summary>
    /// <param name="loss">Its mean.</param>
    /// <param name="gradientNorm">Of all gradients together; null where a loss that is not finite left none.</param>
    public string? Refuses(double loss, double? gradientNorm)
    {
        if (!double.IsFinite(loss)) return $"its loss is {loss}";
        if (gradientNorm is { } norm && !double.IsFinite(norm)) return $"its gradient norm is {norm}";
        if (spikes is not { } limit || Get(Seen) < Fewest) return null;
        int count = (int)Math.Min(Get(Seen), Window);
        double[] last = [.. Enumerable.Range(0, count).Select(i => (double)Get(Losses + i))];
        double mean = last.Average(), deviation = Math.Sqrt(last.Average(l => (l - mean) * (l - mean)));
        return loss > mean + (limit * deviation)
            ? FormattableString.Invariant($"its loss of {loss:G4} lies {(loss - mean) / deviation:F0} standard deviations above the last ")
                + FormattableString.Invariant($"{count}, whose mean is {mean:G4}")
            : null;
    }

    public void Take(double loss)
    {
        Set(Losses + ((int)Get(Seen) % Window), (float)loss);
        Set(Seen, Get(Seen) + 1);
        Set(Row, 0);
    }

    public void Skip()
    {
        Set(Skips, Get(Skips) + 1);
        Set(Row, Get(Row) + 1);
    }

    public void Dispose() => _memory.Dispose();

    private float Get(int at) => _memory.data<float>()[at];

    private void Set(int at, float value) => _memory.data<float>()[at] = value;
}
