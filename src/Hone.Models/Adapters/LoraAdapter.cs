using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// The adapter of a whole model: a pair of matrices for each adapted projection, by the projection's Hugging Face name.
/// With the adapter off the model is the base that it was begun on.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly SortedDictionary<string, LoraPair> _pairs;

    internal LoraAdapter(LoraOptions options, IEnumerable<KeyValuePair<string, LoraPair>> pairs)
    {
        Options = options;
        _pairs = new(pairs.ToDictionary(), StringComparer.Ordinal);
        Tensors = _pairs.SelectMany(p => new[]
        {
            KeyValuePair.Create(NameOfA(p.Key), p.Value.Down),
            KeyValuePair.Create(NameOfB(p.Key), p.Value.Up),
        }).ToDictionary();
        foreach (Tensor tensor in Tensors.Values) tensor.DetachFromDisposeScope();
    }

    public LoraOptions Options { get; }

    /// <summary>Weights of the model that are trained whole beside the adapter and stored with it, by name.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Off, the model computes as its base.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>While a training pass runs: what its dropout is drawn from, so that a repeated pass drops the same.</summary>
    public ulong? DropoutSeed { get; set; }

    /// <summary>What is trained: <c>NAME.lora_A.weight</c> [rank, in] and <c>NAME.lora_B.weight</c> [out, rank], fp32.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>
    /// An adapter that changes nothing yet: A uniform as PyTorch fills a linear layer, B zero. Beside that of a reward model its
    /// score head is trained.
    /// </summary>
    /// <exception cref="InputException">A target names no matrix of the model's layers.</exception>
    public static LoraAdapter Create(TransformerConfig config, LoraOptions options, ulong seed, Device device)
    {
        var random = new Xoshiro256(seed);
        return new LoraAdapter(options, Targets(config, options.Targets).Select(target =>
        {
            (string name, long rows, long columns) = target;
            double bound = 1 / Math.Sqrt(columns);
            float[] values = new float[options.Rank * columns];
            for (int i = 0; i < values.Length; i++) values[i] = (float)(bound * ((2 * random.NextDouble()) - 1));
            Tensor down = tensor(values, [options.Rank, columns], device: device);
            return KeyValuePair.Create(name, new LoraPair(down, zeros(rows, options.Rank, device: device), options.Scale));
        }))
        { Modules = config.IsRewardModel ? [WeightNames.RewardHead] : [] };
    }

    /// <summary>A fresh adapter on top of this one, which stays as it is and is not trained any more.</summary>
    public LoraAdapter Under(LoraAdapter fresh)
    {
        IEnumerable<string> names = _pairs.Keys.Union(fresh._pairs.Keys);
        return new LoraAdapter(fresh.Options, names.Select(name => KeyValuePair.Create(name,
            (_pairs.GetValueOrDefault(name), fresh._pairs.GetValueOrDefault(name)) switch
            {
                (null, { } own) => own,
                ({ } under, { } own) => own with { Under = under },
                ({ } under, null) => throw new InputException(
                    $"the adapter to begin on changes {name}, which the fresh one does not",
                    fix: "Give adapter.targets at least the matrices of the earlier one."),
                _ => throw new InvalidOperationException(),
            })))
        { Modules = Modules };
    }

    /// <summary>The same adapter with other settings of training, or with more modules beside it.</summary>
    public LoraAdapter With(double dropout, IReadOnlyList<string> modules) =>
        new(Options with { Dropout = dropout }, _pairs) { Modules = modules };

    /// <summary>The matrices that targets name: every one of the layers for all-linear, but not the router of experts.</summary>
    internal static IReadOnlyList<(string Name, long Rows, long Columns)> Targets(TransformerConfig config, IReadOnlyList<string> targets)
    {
        const string Ending = ".weight";
        (string Name, long Rows, long Columns)[] all = [.. WeightNames.Of(config)
            .Where(w => w.Shape.Length == 2 && w.Name.StartsWith("model.layers.", StringComparison.Ordinal)
                && !w.Name.EndsWith("mlp.gate.weight", StringComparison.Ordinal))
            .Select(w => (w.Name[..^Ending.Length], w.Shape[0], w.Shape[1]))];
        if (targets is [LoraOptions.AllLinear]) return all;
        string[] known = [.. all.Select(w => LastPart(w.Name)).Distinct()];
        if (targets.FirstOrDefault(t => !known.Contains(t)) is { } wrong)
            throw new InputException($"{wrong} is no matrix of the layers of this model",
                fix: $"Its matrices: {string.Join(", ", known)}; all of them: {LoraOptions.AllLinear}.");
        return [.. all.Where(w => targets.Contains(LastPart(w.Name)))];
    }

    internal static string NameOfA(string projection) => projection + ".lora_A.weight";

    internal static string NameOfB(string projection) => projection + ".lora_B.weight";

    internal static string LastPart(string name) => name[(name.LastIndexOf('.') + 1)..];

    /// <summary>The projections adapted, with what is added to each.</summary>
    internal IReadOnlyDictionary<string, LoraPair> Pairs => _pairs;

    /// <summary>
    /// What the adapter does to a projection, told from its input x: its matrices, and x after dropout, or null where nothing is
    /// dropped. Null where it does nothing to it.
    /// </summary>
    internal Func<Tensor, (LoraPair Pair, Tensor? Dropped)?>? Of(string projection) =>
        _pairs.TryGetValue(projection, out LoraPair? pair) ? x => Enabled ? (pair, Dropped(x, projection)) : null : null;

    private Tensor? Dropped(Tensor x, string name)
    {
        if (DropoutSeed is not { } seed || Options.Dropout == 0) return null;
        using var scope = NewDisposeScope();
        using var generator = new Generator(Seeds.Derive(seed, name), x.device);
        Tensor kept = rand(x.shape, dtype: ScalarType.Float32, device: x.device, generator: generator)
            .ge(tensor((float)Options.Dropout, device: x.device)).to(x.dtype);
        return (x * kept).Times(1 / (1 - Options.Dropout)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (LoraPair pair in _pairs.Values) pair.Dispose();
    }
}
