using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Python strings count code points; .NET strings count UTF-16 units. They differ only where there are surrogates.</summary>
internal static class PythonString
{
    public static long Length(string text)
    {
        if (!HasSurrogates(text)) return text.Length;
        long count = 0;
        foreach (Rune _ in text.EnumerateRunes()) count++;
        return count;
    }

    /// <summary>Where the code point of this number begins; the end of the text for a number beyond it.</summary>
    public static int UnitAt(string text, long point)
    {
        if (!HasSurrogates(text)) return (int)Math.Min(point, text.Length);
        int unit = 0;
        for (; point > 0 && unit < text.Length; point--) unit += unit + 1 < text.Length && char.IsSurrogatePair(text[unit], text[unit + 1]) ? 2 : 1;
        return unit;
    }

    public static IReadOnlyList<object?> Characters(string text)
    {
        List<object?> characters = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            characters.Add(text.Substring(i, pair ? 2 : 1));
            if (pair) i++;
        }
        return characters;
    }

    public static string Join(IEnumerable<object?> characters) => string.Concat(characters.Cast<string>());

    private static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;
}
