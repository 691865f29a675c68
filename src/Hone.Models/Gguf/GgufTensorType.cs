using System.Diagnostics.CodeAnalysis;

namespace Hone.Models.Gguf;

/// <summary>How a tensor's numbers are stored; the values are those of ggml's <c>ggml_type</c>. Only these are read.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "the names by which everybody knows them")]
public enum GgufTensorType : uint
{
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q8_0 = 8,
    Q6_K = 14,
    BF16 = 30,
}

internal static class GgufTensorTypes
{
    // For the message: what a file may hold that Hone does not read. Numbers of ggml.h; gaps are types that were removed.
    private static readonly Dictionary<uint, string> s_unread = new()
    {
        [3] = "Q4_1", [6] = "Q5_0", [7] = "Q5_1", [9] = "Q8_1", [10] = "Q2_K", [11] = "Q3_K", [12] = "Q4_K", [13] = "Q5_K", [15] = "Q8_K",
        [16] = "IQ2_XXS", [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL", [21] = "IQ3_S", [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [24] = "I8", [25] = "I16", [26] = "I32", [27] = "I64", [28] = "F64", [29] = "IQ1_M", [34] = "TQ1_0", [35] = "TQ2_0", [39] = "MXFP4",
    };

    public static bool TryFrom(uint number, out GgufTensorType type)
    {
        type = (GgufTensorType)number;
        return Enum.IsDefined(type);
    }

    public static string NameOf(uint number) => TryFrom(number, out GgufTensorType type)
        ? $"{type}"
        : s_unread.GetValueOrDefault(number, $"number {number}");

    /// <summary>Numbers that are stored together; a row is a whole number of blocks.</summary>
    public static int BlockNumbers(this GgufTensorType type) => type switch
    {
        GgufTensorType.Q4_0 or GgufTensorType.Q8_0 => BlockFormats.SmallBlock,
        GgufTensorType.Q6_K => BlockFormats.LargeBlock,
        _ => 1,
    };

    public static int BlockBytes(this GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => 4,
        GgufTensorType.F16 or GgufTensorType.BF16 => 2,
        GgufTensorType.Q4_0 => BlockFormats.Q4Bytes,
        GgufTensorType.Q8_0 => BlockFormats.Q8Bytes,
        GgufTensorType.Q6_K => BlockFormats.Q6Bytes,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "a type that is read"),
    };

    /// <summary>Bytes of <paramref name="numbers"/> numbers, a whole number of blocks.</summary>
    public static long Bytes(this GgufTensorType type, long numbers) => checked(numbers / type.BlockNumbers() * type.BlockBytes());
}
