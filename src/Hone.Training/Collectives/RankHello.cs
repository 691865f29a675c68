using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hone.Training;

/// <summary>What a rank says first: who it is, and what must be the same on all ranks, by name.</summary>
internal sealed record RankHello(string Magic, int Rank, int Size, string Host, IReadOnlyDictionary<string, string> Claims)
{
    /// <summary>Of this protocol.</summary>
    public const string OurMagic = "hone ranks 1";

    /// <summary>Most bytes that it may have.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Each claim in which another rank differs from rank 0, as <c>name: rank 0's -> its own</c>.</summary>
    public IReadOnlyList<string> Differences(RankHello other) =>
        [.. Claims.Keys.Union(other.Claims.Keys).Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Ours: Claims.GetValueOrDefault(name, "(absent)"),
                Own: other.Claims.GetValueOrDefault(name, "(absent)")))
            .Where(c => c.Ours != c.Own)
            .Select(c => $"{c.Name}: {c.Ours} -> {c.Own}")];

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, RankJson.Default.RankHello);

    /// <returns>Null where it is none.</returns>
    public static RankHello? Parse(byte[] bytes)
    {
        try
        {
            var hello = JsonSerializer.Deserialize(bytes, RankJson.Default.RankHello);
            return hello is { Magic: OurMagic, Claims: not null } ? hello : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What rank 0 answers: the hosts of all ranks, or why it will not go on.</summary>
internal sealed record RankWelcome(IReadOnlyList<string> Hosts, string? Refusal)
{
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, RankJson.Default.RankWelcome);

    public static RankWelcome Parse(byte[] bytes) => JsonSerializer.Deserialize(bytes, RankJson.Default.RankWelcome)!;
}

[JsonSerializable(typeof(RankHello))]
[JsonSerializable(typeof(RankWelcome))]
[JsonSerializable(typeof(StepPart))]
[JsonSourceGenerationOptions(NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
internal sealed partial class RankJson : JsonSerializerContext;
