using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

/// <summary>
/// transformers' <c>_beam_search</c> (4.50 and later) step by step: fixed numbers of beams and candidates, -1e9 for what does not count,
/// every sequence computed anew as a whole.
/// </summary>
internal static class PlainBeamSearch
{
    private const double No = -1e9;

    public static (int[] Ids, bool Stopped)[] Run(Transformer model, int[] prompt, SamplingOptions o, int[] stops)
    {
        int width = o.Beams, keep = Math.Max(2, 1 + stops.Length) * width, most = o.MaxNewTokens!.Value;
        (int[] Ids, double Score)[] running = [.. Enumerable.Range(0, width).Select(i => (Array.Empty<int>(), i == 0 ? 0 : No))];
        (int[] Ids, double Score, bool Is)[] finished = [.. Enumerable.Range(0, width).Select(_ => (Array.Empty<int>(), No, false))];
        bool improves = true;
        for (int length = 1; ; length++)
        {
            (int[] Ids, double Score)[] top = [.. running.SelectMany(beam =>
            {
                double[] logProbs = LogProbs(model, [.. prompt, .. beam.Ids]);
                if (o.RepetitionPenalty != 1)
                    foreach (int id in prompt.Concat(beam.Ids).Distinct()) logProbs[id] *= o.RepetitionPenalty;
                if (o.RenormalizeLogits) logProbs = [.. PlainSampler.Softmax(logProbs).Select(p => Math.Log(p))];
                return logProbs.Select((p, id) => ((int[])[.. beam.Ids, id], beam.Score + p));
            }).OrderByDescending(c => c.Item2).Take(keep)];
            bool[] hits = [.. top.Select(c => length == most || stops.Contains(c.Ids[^1]))];
            running = [.. top.Select((c, i) => (c.Ids, c.Score + (hits[i] ? No : 0))).OrderByDescending(c => c.Item2).Take(width)];
            bool full = finished.All(f => f.Is) && o.EarlyStopping == BeamStopping.AtOnce, open = improves;
            finished = [.. finished.Concat(top.Select((c, i) => (c.Ids,
                (c.Score / Math.Pow(length, o.LengthPenalty)) + (full ? No : 0) + (open ? 0 : No) + (hits[i] && i < width ? 0 : No),
                hits[i] && i < width))).OrderByDescending(f => f.Item2).Take(width)];
            int hoped = o.EarlyStopping == BeamStopping.Never && o.LengthPenalty > 0 ? most : length;
            double best = running[0].Score / Math.Pow(hoped, o.LengthPenalty), worst = finished.Min(f => f.Score);
            improves &= finished.Any(f => best > (f.Is ? worst : No));
            if (!improves || (finished.All(f => f.Is) && o.EarlyStopping == BeamStopping.AtOnce) || hits.All(h => h))
                return [.. finished.Select(f => (f.Ids, stops.Contains(f.Ids[^1])))];
        }
    }

    private static double[] LogProbs(Transformer model, int[] ids)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        forest.AddRoot(ids);
        return [.. model.Logits(model.Hidden(forest))[-1].log_softmax(-1).data<float>().ToArray().Select(x => (double)x)];
    }
}
