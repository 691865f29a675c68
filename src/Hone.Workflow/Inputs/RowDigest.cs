using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hone.Data;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// Rows as text that changes with any of them: number and SHA-256 of what a stage is given. It stands for every file,
/// filter, limit and seed that the rows came by, so none of these can be forgotten, and one that changes no row changes nothing.
/// </summary>
internal static class RowDigest
{
    public static string Of(IReadOnlyList<SftExample> rows) => Of(rows, (hash, row) =>
    {
        Add(hash, row.Ids);
        Add(hash, row.LossMask);
    });

    public static string Of(IReadOnlyList<PreferenceExample> rows) => Of(rows, Add);

    public static string Of(IReadOnlyList<FeaturePair> rows) => Of(rows, (hash, row) =>
    {
        Add(hash, row.Feature);
        Add(hash, row.Example);
    });

    public static string Of(IReadOnlyList<PromptRow> rows) => Of(rows, (hash, row) => Add(hash, row.Messages));

    /// <summary>Null for none.</summary>
    public static string Of(IReadOnlyList<HumanAnswer>? rows) => rows is null ? "none" : Of(rows, (hash, row) =>
    {
        Add(hash, row.Prompt);
        Add(hash, row.Answer);
    });

    private static string Of<T>(IReadOnlyList<T> rows, Action<IncrementalHash, T> add)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (T row in rows) add(hash, row);
        return $"{rows.Count} rows sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}";
    }

    public static string Of(IReadOnlyList<LabelledExample> rows) => Of(rows, (hash, row) =>
    {
        Add(hash, row.Prompt);
        Add(hash, row.Answer);
        Add(hash, [row.Desirable]);
    });

    private static void Add(IncrementalHash hash, PreferenceExample row)
    {
        Add(hash, row.Prompt);
        Add(hash, row.Chosen);
        Add(hash, row.Rejected);
        if (row.Margin != 0) AddBytes(hash, BitConverter.GetBytes(row.Margin));
    }

    private static void Add(IncrementalHash hash, IReadOnlyList<ChatMessage> messages)
    {
        Add(hash, [messages.Count]);
        foreach (ChatMessage message in messages)
        {
            Add(hash, message.Role);
            Add(hash, message.Content);
        }
    }

    private static void Add(IncrementalHash hash, string text) => AddBytes(hash, Encoding.UTF8.GetBytes(text));

    // In the byte order of all machines that .NET runs on today: little-endian.
    private static void Add(IncrementalHash hash, int[] ids) => AddBytes(hash, MemoryMarshal.AsBytes(ids.AsSpan()));

    private static void Add(IncrementalHash hash, bool[] mask) => AddBytes(hash, MemoryMarshal.AsBytes(mask.AsSpan()));

    /// <summary>With the length before, so that two rows never read as one.</summary>
    private static void AddBytes(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
