using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hone.Runs;

/// <summary>
/// Markup that is safe to write into a page. The only way to make it is <see cref="Of"/>, whose literal parts are taken as
/// they are and whose holes are escaped unless they are <see cref="Html"/> themselves: text of a model cannot become markup
/// by being forgotten.
/// </summary>
internal readonly record struct Html(string Markup)
{
    public static readonly Html Empty = new("");

    /// <summary>The sign above a table that is wider than a phone.</summary>
    public const string MoreColumns = "swipe the table for more columns →";

    public static Html Of(HtmlHandler markup) => new(markup.ToStringAndClear());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Markup)));

    public override string ToString() => Markup;

    /// <summary>
    /// Escapes the five characters of markup, and shows control and direction-override characters as visible marks, so that
    /// text can neither leave its element nor rearrange what stands around it.
    /// </summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            int value = rune.Value;
            _ = value switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                '\n' or '\t' => escaped.Append((char)value),
                < 0x20 or (>= 0x7F and <= 0x9F) or 0x061C or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) =>
                    escaped.Append(CultureInfo.InvariantCulture, $"[U+{value:X4}]"),
                _ => escaped.Append(rune.ToString()),
            };
        }
        return escaped.ToString();
    }
}

/// <summary>Builds <see cref="Html"/> from an interpolated string.</summary>
[InterpolatedStringHandler]
internal ref struct HtmlHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder _markup = new(literalLength + 16 * formattedCount);

    public readonly void AppendLiteral(string markup) => _markup.Append(markup);

    public readonly void AppendFormatted(Html html) => _markup.Append(html.Markup);

    public readonly void AppendFormatted(string? text) => _markup.Append(Html.Escape(text ?? ""));

    public readonly void AppendFormatted(int value) => _markup.Append(CultureInfo.InvariantCulture, $"{value}");

    /// <summary>Coordinates: two decimals are finer than any screen.</summary>
    public readonly void AppendFormatted(double value) => _markup.Append(value.ToString("0.##", CultureInfo.InvariantCulture));

    public readonly string ToStringAndClear() => _markup.ToString();
}
