using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hone.Text;

namespace Hone.Data;

/// <summary>Says when two prompts are the same: the same roles and texts in order, white space at the ends aside.</summary>
internal static class PromptKey
{
    public static string Of(IReadOnlyList<ChatMessage> messages)
    {
        StringBuilder key = new();
        // Lengths in front keep a text that looks like a separator from making two prompts equal.
        foreach (ChatMessage message in messages)
        {
            string content = message.Content.Trim();
            key.Append(message.Role.Length).Append(':').Append(message.Role).Append(content.Length).Append(':').Append(content);
        }
        return key.ToString();
    }

    /// <summary>The first 16 bytes of the key's SHA-256: what can be kept for millions of rows, and made equal by nobody.</summary>
    public static UInt128 HashOf(IReadOnlyList<ChatMessage> messages)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(MemoryMarshal.AsBytes(Of(messages).AsSpan()), hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
