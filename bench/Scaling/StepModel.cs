namespace Hone.Bench.Scaling;

/// <summary>What one rank computes with.</summary>
/// <param name="Flops">Floating-point operations a second that training reaches.</param>
/// <param name="Bytes">Bytes a second of its memory.</param>
/// <param name="Pass">Seconds that a pass takes however few its tokens.</param>
internal sealed record Machine(double Flops, double Bytes, double Pass = 0);

/// <summary>What lies between the ranks: a message of b bytes takes Delay + b / Bytes (Hockney 1994).</summary>
/// <param name="Bytes">Bytes a second that each rank sends while it receives as many: nccl-tests' bus bandwidth.</param>
/// <param name="Delay">Seconds.</param>
/// <param name="Tree">Whether the delay is paid 2 log2 N times for a sum (NCCL's trees) and not 2 (N - 1) times (a ring).</param>
/// <param name="Overlaps">Whether gradients travel while the backward pass goes on, without taking its cores.</param>
internal sealed record Network(double Bytes, double Delay, bool Tree, bool Overlaps)
{
    /// <summary>Seconds of a sum over all ranks: 2 (N - 1) / N of the bytes pass each rank (Patarasuk and Yuan 2009).</summary>
    public double AllReduce(double bytes, int ranks) => ranks == 1 ? 0
        : (2.0 * (ranks - 1) / ranks * bytes / Bytes) + (2 * (Tree ? Math.Log2(ranks) : ranks - 1) * Delay);
}

/// <summary>A training step, whatever computes it.</summary>
/// <param name="FlopsPerToken">6 for each weight that is multiplied with (2 forward, 2 + 2 backward), 4 where it is frozen.</param>
/// <param name="BackwardShare">Of a pass's time.</param>
/// <param name="Trained">Numbers that have a gradient.</param>
/// <param name="Late">Those of them whose gradient is complete only when the backward pass ends: the embedding.</param>
/// <param name="WeightBytes">Read in each third of a pass, however few its tokens.</param>
/// <param name="Rows">Examples of a step over all ranks; a row is not cut.</param>
/// <param name="PassTokens">Most in a pass; more rows of a rank accumulate.</param>
internal sealed record Work(double FlopsPerToken, double BackwardShare, double Trained, double Late, double WeightBytes, int Rows,
    int RowTokens, int PassTokens)
{
    public double Tokens => (double)Rows * RowTokens;
}

/// <summary>Seconds of a step, by what they go to.</summary>
/// <param name="Compute">The busiest rank's passes.</param>
/// <param name="Wait">For gradients, after the backward pass.</param>
/// <param name="Optimiser">AdamW, and the exchange of weights where its state is sharded.</param>
internal sealed record StepTime(double Compute, double Wait, double Optimiser)
{
    public double Total => Compute + Wait + Optimiser;
}

/// <summary>
/// How long a step takes over N ranks, as Hone does it: passes of the busiest rank; gradients in buckets of 25 MB that leave one after
/// the other as the last backward pass completes them (arXiv 2006.15704); AdamW over all weights, or over 1 / N of them, whose owners
/// then send them to all (ZeRO stage 1, arXiv 1910.02054).
/// </summary>
internal static class StepModel
{
    private const double BucketBytes = 25 << 20;

    /// <summary>AdamW in fp32 reads weight, gradient and two means, and writes all but the gradient.</summary>
    private const double UpdateBytes = 28;

    public static StepTime Of(Work work, Machine machine, Network network, int ranks, bool sharded = false)
    {
        int rows = (work.Rows + ranks - 1) / ranks, perPass = Math.Max(1, work.PassTokens / work.RowTokens);
        int last = rows - ((rows - 1) / perPass * perPass);
        double compute = ((rows - 1) / perPass * Pass(work, machine, perPass)) + Pass(work, machine, last);
        double wait = ranks == 1 ? 0 : Arrival(work, network, ranks, Pass(work, machine, last) * work.BackwardShare);
        double update = UpdateBytes * work.Trained / (sharded ? ranks : 1) / machine.Bytes;
        double share = sharded && ranks > 1 ? 4 * work.Trained / network.Bytes : 0;
        return new StepTime(compute, wait, update + share);
    }

    private static double Pass(Work work, Machine machine, int rows) => machine.Pass
        + Math.Max(rows * (double)work.RowTokens * work.FlopsPerToken / machine.Flops, 3 * work.WeightBytes / machine.Bytes);

    /// <summary>Seconds after the backward pass until the last bucket is there.</summary>
    /// <param name="backward">How long the last backward pass takes.</param>
    private static double Arrival(Work work, Network network, int ranks, double backward)
    {
        int buckets = (int)Math.Ceiling(4 * work.Trained / BucketBytes);
        double early = buckets * (1 - (work.Late / work.Trained)), each = network.AllReduce(4 * work.Trained / buckets, ranks), free = 0;
        for (int i = 1; i <= buckets; i++)
        {
            double ready = network.Overlaps && i <= early ? backward * i / Math.Max(1, early) : backward;
            free = Math.Max(free, ready) + each;
        }
        return free - backward;
    }
}
