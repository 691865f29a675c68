using System.Globalization;
using System.Text;

namespace Hone.Models;

/// <summary>Text from files as it may stand in a message.</summary>
internal static class Shown
{
    private const int Most = 60;

    /// <summary>
    /// At most 60 characters; control and direction characters, which could steer a terminal, as <c>\uXXXX</c>. A tensor's
    /// name may be megabytes long.
    /// </summary>
    public static string Short(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, Most)))
        {
            if (char.IsControl(c)
                || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator)
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else shown.Append(c);
        }
        return text.Length <= Most ? shown.ToString() : $"{shown}...";
    }
}
