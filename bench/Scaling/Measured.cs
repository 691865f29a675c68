namespace Hone.Bench.Scaling;

/// <summary>A step that was timed, and what the formula says of it.</summary>
internal sealed record Point(string Name, int Ranks, double Seconds, double Predicted)
{
    /// <summary>Of the measured time.</summary>
    public double Error => (Predicted / Seconds) - 1;
}

/// <summary>
/// Steps of bench/Training's <c>ranks RANKS 1 SHAPE ACCUMULATION STEPS</c> on two virtual cores of one machine (docs/scale-out.md), and
/// what the formula makes of figures that were measured apart from them: the step of one process, how much slower processes are that
/// train side by side without a word to each other, a sum over ranks that do nothing else, a copy.
/// </summary>
internal static class Measured
{
    /// <summary>Of a measured step.</summary>
    public const double Tolerance = 0.2;

    private const int Rows = 8, RowTokens = 256;

    /// <summary>Seconds of a sum of 100 MB over so many ranks (<c>allreduce RANKS 100</c>).</summary>
    private static readonly Dictionary<int, double> s_sum = new() { [2] = 0.0825, [4] = 0.2246 };

    /// <summary>A copy of 100 MB reads and writes it: 18.2 ms.</summary>
    private const double CopyBytes = 2 * 100e6 / 0.0182;

    /// <summary>15M: medians of three rounds, but for passes of 512 tokens, one run. 110M: one round.</summary>
    public static IReadOnlyList<Point> Points { get; } =
    [
        .. new Shape("15m", 5.97e6, 32_000 * 288, One: 2.434, Pass: 0.27, new() { [2] = 1.03, [4] = 2.28 })
            .Points((2, 1, 1.584), (2, 4, 1.795), (4, 1, 2.246)),
        .. new Shape("110m", 84.9e6, 32_000 * 768, One: 13.66, Pass: 0, new() { [2] = 1.24 })
            .Points((2, 1, 9.55)),
    ];

    /// <param name="Layers">Weights of the layers.</param>
    /// <param name="Embedding">Weights of the embedding, which is the head, too.</param>
    /// <param name="One">Seconds of one process's step with the batch in one pass.</param>
    /// <param name="Pass">Seconds that each further pass of the same batch adds.</param>
    /// <param name="Slower">By how much the slowest of so many processes side by side is slower than one alone.</param>
    private sealed record Shape(string Name, double Layers, double Embedding, double One, double Pass, Dictionary<int, double> Slower)
    {
        public IEnumerable<Point> Points(params (int Ranks, int Accumulation, double Seconds)[] steps)
        {
            double trained = Layers + Embedding, update = 28 * trained / CopyBytes;
            double flops = 6 * trained * Rows * RowTokens / (One - update - Pass);
            return steps.Select(s =>
            {
                double slower = Slower[s.Ranks];
                var machine = new Machine(flops / slower, CopyBytes / slower, Pass * slower);
                // The cores that add gradients up are those that compute them, so nothing is hidden behind the backward pass.
                var network = new Network(2.0 * (s.Ranks - 1) / s.Ranks * 100e6 / s_sum[s.Ranks], 25e-6, Tree: false, Overlaps: false);
                var work = new Work(
                    6 * trained, 2.0 / 3, trained, Embedding, 4 * trained, Rows, RowTokens, Rows * RowTokens / s.Accumulation);
                return new Point($"{Name}, {s.Ranks} ranks, passes of {work.PassTokens} tokens", s.Ranks, s.Seconds,
                    StepModel.Of(work, machine, network, s.Ranks).Total);
            });
        }
    }
}
