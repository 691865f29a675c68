using System.Text.Json.Nodes;

namespace Hone.Models.Gguf;

/// <summary>
/// What GGUF, that is llama.cpp, calls a family, and where it computes otherwise than transformers. A family's
/// <see cref="Architecture"/> states it.
/// </summary>
/// <param name="Name"><c>general.architecture</c>.</param>
internal sealed record GgufForm(string Name)
{
    /// <summary>Rotates neighbouring dimensions in place of (i, i + d/2), so that rows of q and k are stored in another order.</summary>
    public bool NeighbourPairs { get; init; }

    /// <summary>Knows biases of the output and feed-forward matrices.</summary>
    public bool Biases { get; init; }

    /// <summary>Knows heads whose size is not hidden size / heads.</summary>
    public bool OwnHeadDim { get; init; }

    /// <summary>Knows the frequencies of Llama-3.1, which are stored as a tensor.</summary>
    public bool FrequencyFactors { get; init; }

    /// <summary>Which layers it gives a window to; null where it gives none, so that answers are the same up to the window only.</summary>
    public Func<int, bool>? Windowed { get; init; }

    /// <summary>Which layers it rotates; null for all.</summary>
    public Func<int, bool>? Rotated { get; init; }

    /// <summary>By the square root of what it divides scores; null for the head's size. GGUF has no key for it.</summary>
    public Func<TransformerConfig, double>? QueryScalar { get; init; }

    /// <summary>What of a configuration it cannot run besides; null where it can run all.</summary>
    public Func<TransformerConfig, string?>? Refuses { get; init; }

    /// <summary>Adds keys that only this family has.</summary>
    public Action<TransformerConfig, GgufKeys>? Write { get; init; }

    /// <summary>Adds to <c>config.json</c> what only this family has.</summary>
    public Action<GgufKeys, JsonObject>? Read { get; init; }
}

/// <summary>The metadata of a file under the name of its architecture: <c>qwen2.block_count</c> is <c>block_count</c>.</summary>
internal sealed class GgufKeys(GgufMetadata metadata, string architecture)
{
    public void Add(string key, object? value) => metadata.Add($"{architecture}.{key}", value);

    public string? Text(string key) => metadata.Text($"{architecture}.{key}");

    public double? Number(string key) => Exact(metadata.Number($"{architecture}.{key}"));

    public int Int(string key) => IntOrNull(key) ?? throw new InputException($"The file has no {architecture}.{key}.", metadata.Path);

    public int? IntOrNull(string key)
    {
        if (!metadata.Has($"{architecture}.{key}")) return null;
        // Some keys may be a list, one number for each layer; only models whose layers are alike are read.
        if (metadata[$"{architecture}.{key}"] is Array)
            throw new InputException($"{architecture}.{key} differs by layer, which is not supported.", metadata.Path);
        long number = metadata.Integer($"{architecture}.{key}")!.Value;
        return number is >= 0 and <= int.MaxValue
            ? (int)number
            : throw metadata.Wrong($"{architecture}.{key}", $"from 0 to {int.MaxValue}, not {number}");
    }

    // The shortest decimal of a 32-bit number: what config.json said before it was narrowed.
    private static double? Exact(double? number) =>
        number is { } value ? double.Parse(((float)value).ToString("R", null), System.Globalization.CultureInfo.InvariantCulture) : null;
}
