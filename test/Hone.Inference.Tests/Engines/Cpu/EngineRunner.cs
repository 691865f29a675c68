using Hone.Data;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests.Engines.Cpu;

/// <summary>Drives an engine by hand: sequences in blocks of their own, or in shared ones.</summary>
internal sealed class EngineRunner : IDisposable
{
    private int _blocks;

    public EngineRunner(Transformer model, CpuFormat format, int threads = 2, CpuPath? path = null) =>
        Engine = new CpuEngine(model, format, threads, path);

    public CpuEngine Engine { get; }

    public int[] NewBlocks(int tokens)
    {
        int count = (tokens + Engine.BlockTokens - 1) / Engine.BlockTokens;
        int[] blocks = [.. Enumerable.Range(_blocks, count)];
        Engine.Reserve(_blocks += count);
        return blocks;
    }

    /// <summary>Logits after each part that wants them, by part.</summary>
    public float[]?[] Run(params SequencePart[] parts)
    {
        var found = new float[]?[parts.Length];
        Engine.Forward(parts, (part, logits) => found[part] = logits.ToArray());
        return found;
    }

    /// <summary>Logits after every token from <paramref name="prompt"/> - 1 on: a prompt pass in pieces, then single tokens.</summary>
    public List<float[]> Decode(int[] ids, int prompt, int piece = int.MaxValue, Func<int, int>? rotateAs = null)
    {
        rotateAs ??= length => length;
        int[] blocks = NewBlocks(ids.Length);
        var found = new List<float[]>();
        for (int at = 0; at < prompt; at += Math.Min(piece, prompt - at))
        {
            int own = Math.Min(piece, prompt - at);
            var part = new SequencePart(ids.AsMemory(at, own), at, rotateAs(prompt), blocks, at + own == prompt);
            if (Run(part)[0] is { } logits) found.Add(logits);
        }
        for (int at = prompt; at < ids.Length; at++)
            found.Add(Run(new SequencePart(ids.AsMemory(at, 1), at, rotateAs(at + 1), blocks, true))[0]!);
        return found;
    }

    public void Dispose() => Engine.Dispose();

    /// <summary>Of the libtorch model's own forward pass, after each token. [tokens][vocab]</summary>
    public static float[][] Expected(Transformer model, int[] ids)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot(ids);
        Tensor logits = model.Logits(model.Hidden(forest));
        return [.. Enumerable.Range(0, ids.Length).Select(i => logits[i].data<float>().ToArray())];
    }

    public static void AssertClose(float[] expected, float[] found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        double worst = expected.Zip(found, (e, f) => Math.Abs(e - (double)f)).Max();
        Assert.True(worst <= tolerance, $"{what}: {worst:E2} apart, allowed {tolerance:E0}");
    }
}
