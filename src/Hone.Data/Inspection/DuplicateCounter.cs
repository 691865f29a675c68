using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace Hone.Data;

/// <summary>Counts texts that were there before, white space and case aside. Keeps 16 bytes a text, not the text.</summary>
public sealed class DuplicateCounter
{
    private readonly HashSet<UInt128> _seen = [];

    public int Texts { get; private set; }

    public int Duplicates { get; private set; }

    /// <returns>Whether the text was there before.</returns>
    public bool Add(string text)
    {
        Texts++;
        var normal = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (!char.IsWhiteSpace(c)) normal.Append(char.ToLowerInvariant(c));
            else if (normal.Length > 0 && normal[^1] != ' ') normal.Append(' ');
        }
        if (normal.Length > 0 && normal[^1] == ' ') normal.Length--;
        bool seen = !_seen.Add(XxHash128.HashToUInt128(MemoryMarshal.AsBytes(normal.ToString().AsSpan())));
        if (seen) Duplicates++;
        return seen;
    }
}
