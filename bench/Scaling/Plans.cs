namespace Hone.Bench.Scaling;

/// <summary>What is planned, and the machines that it is planned for. Sources: docs/planning.md.</summary>
internal static class Plans
{
    private const int Rank = 16, Rows = 128, RowTokens = 1024, PassTokens = 8192;

    /// <summary>An H100 or H200: 28 % of 989 TFLOP/s (torchtitan, 8B, eager), 4.3 TB/s.</summary>
    public static readonly Machine Gpu = new(0.28 * 989e12, 4.3e12);

    /// <summary>Bytes of its memory that weights, gradients and moments may take.</summary>
    public const double GpuMemory = 0.85 * 141e9;

    public static readonly (string Name, Func<int, Network> Of)[] Networks =
    [
        ("NVLink in hosts of 8, 8 x 400 Gb/s between", ranks => new Network(ranks <= 8 ? 460e9 : 340e9, 10e-6, true, true)),
        ("NVLink in hosts of 8, 100 Gb/s between", ranks => new Network(ranks <= 8 ? 460e9 : 11e9, 10e-6, true, true)),
        ("Gloo through the hosts' memory", _ => new Network(1.2e9, 50e-6, false, true)),
    ];

    public static readonly (string Name, Work Work, Func<int, bool, double> Memory)[] Jobs =
    [
        ("1B, all weights", Full(0.97e9, 128_256 * 2048.0, tied: true), FullMemory(1.24e9)),
        ("8B, all weights", Full(6.98e9, 128_256 * 4096.0, tied: false), FullMemory(8.03e9)),
        ($"8B, LoRA of rank {Rank}", new Work((4 * 7.5e9) + (6 * 41.9e6), 0.5, 41.9e6, 0, 2 * 8.03e9, Rows, RowTokens, PassTokens),
            (_, _) => (2 * 8.03e9) + (16 * 41.9e6)),
    ];

    /// <summary>An online iteration: prompts with eight answers each, scored, one pair of each trained on.</summary>
    public const int Prompts = 20_000, Answers = 8, PromptTokens = 256, AnswerTokens = 512;

    /// <summary>Tokens a second of an 8B model on one GPU: sampled (vLLM, bf16), and scored.</summary>
    public const double Sampled = 12_500, Scored = 28_000;

    private static Work Full(double layers, double embedding, bool tied)
    {
        double trained = layers + (tied ? embedding : 2 * embedding);
        return new Work(6 * (layers + embedding), 2.0 / 3, trained, embedding, 2 * trained, Rows, RowTokens, PassTokens);
    }

    /// <summary>fp32 weights, gradients and two means; the means are shared out where they are sharded.</summary>
    private static Func<int, bool, double> FullMemory(double weights) => (ranks, sharded) => weights * (8 + (8.0 / (sharded ? ranks : 1)));
}
