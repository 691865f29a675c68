using System.Globalization;
using System.Text;

namespace Hone.Models;

/// <summary>The beginning of a text from a file, as it may stand in a message.</summary>
internal static class Excerpt
{
    private const int Most = 60;

    /// <summary>
    /// At most 60 characters; control and direction characters, which could steer a terminal, as <c>\uXXXX</c>. A tensor's
    /// name may be megabytes long.
    /// </summary>
    public static string Of(string text)
    {
        StringBuilder excerpt = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, Most)))
        {
            if (char.IsControl(c)
                || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator)
                excerpt.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else excerpt.Append(c);
        }
        return text.Length <= Most ? excerpt.ToString() : $"{excerpt}...";
    }
}
