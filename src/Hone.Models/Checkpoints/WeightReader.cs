using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>The stored weights of a model folder, read one at a time by who does not need all of them at once.</summary>
internal sealed class WeightReader : IDisposable
{
    private readonly ShardSet _shards;
    private readonly Dictionary<string, (string Stored, long[] Shape)> _plan;

    private WeightReader(ShardSet shards, Dictionary<string, (string Stored, long[] Shape)> plan) => (_shards, _plan) = (shards, plan);

    /// <exception cref="InputException">The weights are not those of the configuration, or a file is damaged.</exception>
    public static WeightReader Open(string folder, TransformerConfig config)
    {
        ShardSet shards = ShardSet.Open(folder);
        try
        {
            return new WeightReader(shards, WeightFolder.Plan(shards, config));
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    /// <summary>A new tensor.</summary>
    /// <exception cref="InputException">A value is not finite, or too large for <paramref name="dtype"/>.</exception>
    public Tensor Read(string name, ScalarType dtype, Device device) =>
        _shards.Holding(_plan[name].Stored).Read(_plan[name].Stored, dtype, device);

    public void Dispose() => _shards.Dispose();
}
