using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Python strings count code points; .NET strings count UTF-16 units. They differ only where there are surrogates.</summary>
internal static class PythonString
{
    // A text taken apart costs no object for each of its usual characters.
    private static readonly string[] s_single = [.. Enumerable.Range(0, 256).Select(c => ((char)c).ToString())];

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
        for (; point > 0 && unit < text.Length; point--)
        {
            unit += unit + 1 < text.Length && char.IsSurrogatePair(text[unit], text[unit + 1]) ? 2 : 1;
        }
        return unit;
    }

    public static IReadOnlyList<object?> Characters(string text)
    {
        List<object?> characters = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int end = UnitAfter(text, i);
            characters.Add(text[i] < s_single.Length ? s_single[text[i]] : text[i..end]);
            i = end - 1;
        }
        return characters;
    }

    /// <summary>The character at a place, from the end where negative; null beyond the text.</summary>
    public static string? CharacterAt(string text, long place)
    {
        long length = Length(text);
        if (place < 0) place += length;
        if (place < 0 || place >= length) return null;
        int unit = UnitAt(text, place);
        return text[unit..UnitAfter(text, unit)];
    }

    /// <summary>text[start:stop], which count code points, from the end where negative.</summary>
    public static string Slice(string text, long? start, long? stop)
    {
        long length = Length(text);
        int from = UnitAt(text, Place(start ?? 0)), to = UnitAt(text, Place(stop ?? length));
        return to > from ? text[from..to] : "";

        long Place(long place) => Math.Clamp(place < 0 ? place + length : place, 0, length);
    }

    public static string Join(IEnumerable<object?> characters) => string.Concat(characters.Cast<string>());

    private static int UnitAfter(string text, int unit) =>
        unit + 1 < text.Length && char.IsSurrogatePair(text[unit], text[unit + 1]) ? unit + 2 : unit + 1;

    private static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;
}
