using Hone.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Bench.Training;

/// <summary>
/// The same model written as one would on TorchSharp: padded batches, causal fused attention, full logits, libtorch's AdamW.
/// In bf16 every use casts the fp32 weight, as autocast does.
/// </summary>
internal sealed class PlainModel
{
    private readonly TransformerConfig _c;
    private readonly ScalarType _type;
    private readonly Dictionary<string, Parameter> _w;
    private readonly optim.Optimizer _optimiser;
    private readonly Tensor _cos, _sin;

    public PlainModel(TransformerConfig config, ScalarType type, bool reward)
    {
        (_c, _type) = (config with { IsRewardModel = reward }, type);
        _w = RandomWeights.Create(_c, 1).ToDictionary(w => w.Key, w => new Parameter(w.Value));
        _optimiser = optim.AdamW(_w.Values, 1e-4);
        double[] frequencies = [.. Enumerable.Range(0, _c.HeadDim / 2).Select(i => Math.Pow(10_000, -2.0 * i / _c.HeadDim))];
        Tensor angles = outer(arange(4096, dtype: ScalarType.Float32), tensor(frequencies).to(ScalarType.Float32));
        (_cos, _sin) = (cat([angles, angles], 1).cos().to(type), cat([angles, angles], 1).sin().to(type));
    }

    public double SftStep(int[][] rows) => Step(() =>
    {
        Tensor tokens = Padded(rows);
        Tensor logits = Logits(Hidden(tokens).narrow(1, 0, tokens.shape[1] - 1)).flatten(0, 1);
        return cross_entropy(logits, tokens.narrow(1, 1, tokens.shape[1] - 1).flatten());
    });

    public double DpoStep(Rows.Pair[] pairs, PlainModel reference) => Step(() =>
    {
        Tensor policy = AnswerLogProbs(pairs), fixedPart;
        using (no_grad()) fixedPart = reference.AnswerLogProbs(pairs);
        Tensor ratio = policy - fixedPart;
        return -logsigmoid((ratio.narrow(0, 0, pairs.Length) - ratio.narrow(0, pairs.Length, pairs.Length)) * 0.1).mean();
    });

    public double RewardStep(Rows.Pair[] pairs) => Step(() =>
    {
        Tensor scores = Scores(Both(pairs));
        return -logsigmoid(scores.narrow(0, 0, pairs.Length) - scores.narrow(0, pairs.Length, pairs.Length)).mean();
    });

    /// <summary>Rewards of every row, without gradients; their sum.</summary>
    public double Score(int[][] rows)
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        return Scores(rows).sum().item<float>();
    }

    private double Step(Func<Tensor> loss)
    {
        using var scope = NewDisposeScope();
        _optimiser.zero_grad();
        Tensor value = loss();
        value.backward();
        nn.utils.clip_grad_norm_(_w.Values, 1);
        _optimiser.step();
        return value.item<float>();
    }

    private Tensor Scores(int[][] rows)
    {
        Tensor hidden = Hidden(Padded(rows)), last = tensor(rows.Select(r => (long)r.Length - 1).ToArray());
        Tensor states = hidden[arange(rows.Length), last].to(ScalarType.Float32);
        return matmul(states, _w["score.weight"].t()).squeeze(1);
    }

    private Tensor AnswerLogProbs(Rows.Pair[] pairs)
    {
        int[][] rows = Both(pairs);
        Tensor tokens = Padded(rows);
        Tensor logProbs = log_softmax(Logits(Hidden(tokens).narrow(1, 0, tokens.shape[1] - 1)), -1);
        Tensor chosen = logProbs.gather(2, tokens.narrow(1, 1, tokens.shape[1] - 1).unsqueeze(2)).squeeze(2);
        float[] mask = new float[rows.Length * (tokens.shape[1] - 1)];
        for (int r = 0; r < rows.Length; r++)
            for (int t = pairs[r % pairs.Length].Prompt.Length; t < rows[r].Length; t++) mask[(r * (tokens.shape[1] - 1)) + t - 1] = 1;
        return (chosen * tensor(mask, [rows.Length, tokens.shape[1] - 1])).sum(1);
    }

    private Tensor Hidden(Tensor tokens)
    {
        long length = tokens.shape[1];
        Tensor cos = _cos.narrow(0, 0, length), sin = _sin.narrow(0, 0, length);
        Tensor x = _w["model.embed_tokens.weight"][tokens].to(_type);
        for (int layer = 0; layer < _c.LayerCount; layer++)
        {
            string p = $"model.layers.{layer}.";
            Tensor h = Norm(x, p + "input_layernorm.weight");
            Tensor q = Rotate(Heads(Linear(h, p + "self_attn.q_proj"), _c.HeadCount), cos, sin);
            Tensor k = Rotate(Heads(Linear(h, p + "self_attn.k_proj"), _c.KeyValueHeadCount), cos, sin);
            Tensor v = Heads(Linear(h, p + "self_attn.v_proj"), _c.KeyValueHeadCount);
            int groups = _c.HeadCount / _c.KeyValueHeadCount;
            if (groups > 1) (k, v) = (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1));
            Tensor mixed = scaled_dot_product_attention(q, k, v, is_casual: true).transpose(1, 2).reshape(x.shape[0], length, -1);
            x = x + Linear(mixed, p + "self_attn.o_proj");
            h = Norm(x, p + "post_attention_layernorm.weight");
            x = x + Linear(silu(Linear(h, p + "mlp.gate_proj")) * Linear(h, p + "mlp.up_proj"), p + "mlp.down_proj");
        }
        return Norm(x, "model.norm.weight");
    }

    private Tensor Logits(Tensor hidden) => linear(hidden, _w["model.embed_tokens.weight"].to(_type)).to(ScalarType.Float32);

    private Tensor Linear(Tensor x, string name) => linear(x, _w[name + ".weight"].to(_type));

    private Tensor Heads(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, _c.HeadDim).transpose(1, 2);

    private Tensor Norm(Tensor x, string name)
    {
        Tensor wide = x.to(ScalarType.Float32);
        return (wide * rsqrt(wide.square().mean([-1], keepdim: true) + _c.NormEpsilon)).to(_type) * _w[name].to(_type);
    }

    private static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        Tensor[] halves = x.chunk(2, -1);
        return (x * cos) + (cat([-halves[1], halves[0]], -1) * sin);
    }

    private static int[][] Both(Rows.Pair[] pairs) =>
        [.. pairs.Select(p => (int[])[.. p.Prompt, .. p.Chosen]), .. pairs.Select(p => (int[])[.. p.Prompt, .. p.Rejected])];

    private static Tensor Padded(int[][] rows)
    {
        int longest = rows.Max(r => r.Length);
        long[] ids = new long[rows.Length * longest];
        for (int r = 0; r < rows.Length; r++)
            for (int t = 0; t < rows[r].Length; t++) ids[(r * longest) + t] = rows[r][t];
        return tensor(ids, [rows.Length, longest]);
    }
}
