using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>
/// How far an engine that samples is from the model that is trained, over the tokens that the engine itself samples at temperature 1.
/// </summary>
/// <param name="Tokens">Distributions compared.</param>
/// <param name="MeanKl">Mean KL divergence of the engine's next-token distribution from the model's, in nats.</param>
/// <param name="TopAgreement">Share of tokens at which both have the same likeliest one.</param>
/// <param name="LogProbError">Mean difference of the sampled tokens' log-probabilities.</param>
/// <param name="LargestLogProbError">The largest of these differences.</param>
internal sealed record EngineFidelity(int Tokens, double MeanKl, double TopAgreement, double LogProbError, double LargestLogProbError)
{
    /// <summary>Samples from the engine and reads the same tokens with the model's own forward pass.</summary>
    /// <param name="engine">Its blocks from 0 on are used.</param>
    /// <param name="starts">Beginnings of sequences, at least one token each; all sequences advance together.</param>
    /// <param name="length">Most tokens of a sequence, its beginning included.</param>
    /// <param name="most">Most tokens behind a beginning.</param>
    public static EngineFidelity Measure(
        Transformer model, IForwardEngine engine, IReadOnlyList<int[]> starts, int length, ulong seed, int most = int.MaxValue)
    {
        int[][] sequences = [.. starts.Select(start => start.Concat(new int[Math.Min(length - start.Length, most)]).ToArray())];
        float[][][] found = Sample(engine, sequences, [.. starts.Select(s => s.Length)], seed);
        (double kl, double same, double error, double largest, int count) = (0, 0, 0, 0, 0);
        for (int s = 0; s < sequences.Length; s++)
        {
            int first = starts[s].Length - 1;
            float[][] expected = Logits(model, sequences[s], first);
            for (int at = first; at < sequences[s].Length - 1; at++)
            {
                double[] p = LogSoftmax(expected[at - first]), q = LogSoftmax(found[s][at]);
                kl += p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum();
                same += Array.IndexOf(p, p.Max()) == Array.IndexOf(q, q.Max()) ? 1 : 0;
                double difference = Math.Abs(p[sequences[s][at + 1]] - q[sequences[s][at + 1]]);
                error += difference;
                largest = Math.Max(largest, difference);
                count++;
            }
        }
        return new EngineFidelity(count, kl / count, same / count, error / count, largest);
    }

    /// <summary>
    /// Fills the sequences up, token by token. Logits after each token from the beginnings' last on [sequences][length][vocab]
    /// </summary>
    private static float[][][] Sample(IForwardEngine engine, int[][] sequences, int[] given, ulong seed)
    {
        int most = sequences.Max(t => t.Length), blocks = (most + engine.BlockTokens - 1) / engine.BlockTokens;
        engine.Reserve(blocks * sequences.Length);
        int[][] own = [.. Enumerable.Range(0, sequences.Length).Select(s => Enumerable.Range(s * blocks, blocks).ToArray())];
        SequencePart Part(int s, int from, int count, bool wants) =>
            new(sequences[s].AsMemory(from, count), from, sequences[s].Length, own[s], wants);
        SequencePart[] before =
            [.. Enumerable.Range(0, sequences.Length).Where(s => given[s] > 1).Select(s => Part(s, 0, given[s] - 1, false))];
        if (before.Length > 0) engine.Forward(before, (_, _) => { });
        Xoshiro256[] random = [.. sequences.Select((_, s) => new Xoshiro256(Seeds.Derive(seed, s.ToString())))];
        float[][][] found = [.. sequences.Select(tokens => new float[tokens.Length][])];
        int[] open = [.. Enumerable.Range(0, sequences.Length)];
        for (int step = 0; (open = [.. open.Where(s => given[s] + step < sequences[s].Length)]).Length > 0; step++)
        {
            engine.Forward([.. open.Select(s => Part(s, given[s] - 1 + step, 1, true))], (i, logits) =>
            {
                (int s, int at) = (open[i], given[open[i]] - 1 + step);
                found[s][at] = logits.ToArray();
                sequences[s][at + 1] = Draw(LogSoftmax(found[s][at]), random[s].NextDouble());
            });
        }
        return found;
    }

    private static int Draw(double[] logProbs, double at)
    {
        int last = 0;
        for (int token = 0; token < logProbs.Length; token++)
        {
            double p = Math.Exp(logProbs[token]);
            if (p > 0) last = token;
            if ((at -= p) < 0) return token;
        }
        return last;
    }

    private static double[] LogSoftmax(float[] logits)
    {
        double most = logits.Max(), norm = most + Math.Log(logits.Sum(l => Math.Exp(l - most)));
        return [.. logits.Select(l => l - norm)];
    }

    /// <summary>After each token from one on. [tokens][vocab]</summary>
    private static float[][] Logits(Transformer model, int[] tokens, int first)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot(tokens);
        Tensor logits = model.Logits(model.Hidden(forest).narrow(0, first, tokens.Length - first)).cpu();
        return [.. Enumerable.Range(0, tokens.Length - first).Select(i => logits[i].data<float>().ToArray())];
    }
}
