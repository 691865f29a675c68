using Parquet;
using Parquet.Serialization;

namespace Hone.Data.Tests;

/// <summary>Writes Parquet files of conversations with Parquet.Net.</summary>
internal static class ParquetFiles
{
    public static void Write<T>(
        string path, IReadOnlyCollection<T> rows, CompressionMethod compression = CompressionMethod.Snappy, int rowGroup = 1000) =>
        ParquetSerializer.SerializeAsync(rows, path, new ParquetOptions { CompressionMethod = compression, RowGroupSize = rowGroup })
            .GetAwaiter().GetResult();

    /// <summary>Preferences as preference_700K has them: lists of messages and scores.</summary>
    public static List<ScoredPair> Pairs(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new ScoredPair
        {
            chosen = [new() { content = $"question {i}", role = "user" },
                new() { content = $"good answer {i * 7919}", role = "assistant" }],
            rejected = [new() { content = $"question {i}", role = "user" }, new() { content = $"bad answer {i}", role = "assistant" }],
            chosen_score = i % 3 == 0 ? null : i / 8.0,
            rejected_score = i % 3 == 0 ? null : -1,
        }),
    ];
}

#pragma warning disable IDE1006 // The names are those of the columns.
internal sealed class ScoredPair
{
    public List<Message> chosen { get; set; } = [];

    public List<Message> rejected { get; set; } = [];

    public double? chosen_score { get; set; }

    public double? rejected_score { get; set; }
}

internal sealed class Message
{
    public string? content { get; set; }

    public string? role { get; set; }
}

internal sealed class TextOnly
{
    public string? text { get; set; }
}
#pragma warning restore IDE1006
