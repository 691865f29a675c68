using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>str() and repr() of values.</summary>
internal static class PythonText
{
    public static string Str(object? value, Budget budget) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value, budget),
    };

    public static string Repr(object? value, Budget budget)
    {
        StringBuilder text = new();
        AppendRepr(value, text, budget);
        return text.ToString();
    }

    private static void AppendRepr(object? value, StringBuilder text, Budget budget)
    {
        Budget.EnsureStack();
        budget.Append(text.Length, value is string given ? given.Length : 1);
        switch (value)
        {
            case null: text.Append("None"); break;
            case bool b: text.Append(b ? "True" : "False"); break;
            case long or System.Numerics.BigInteger: text.Append(PythonInteger.Text(value, budget)); break;
            case double d: text.Append(PythonValue.FloatText(d)); break;
            case string s: AppendString(s, text, budget); break;
            case Undefined: text.Append("Undefined"); break;
            case JinjaList list:
                text.Append(list.IsTuple ? '(' : '[');
                AppendAll(list.Items, text, budget);
                if (list is { IsTuple: true, Items.Count: 1 }) text.Append(',');
                text.Append(list.IsTuple ? ')' : ']');
                break;
            case JinjaDict dict:
                text.Append('{');
                bool first = true;
                foreach ((object? key, object? item) in dict.Entries)
                {
                    if (!first) text.Append(", ");
                    first = false;
                    AppendRepr(key, text, budget);
                    text.Append(": ");
                    AppendRepr(item, text, budget);
                }
                text.Append('}');
                break;
            default: text.Append('<').Append(PythonValue.TypeName(value)).Append('>'); break;
        }
    }

    private static void AppendAll(IReadOnlyList<object?> items, StringBuilder text, Budget budget)
    {
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(", ");
            AppendRepr(items[i], text, budget);
        }
    }

    private static void AppendString(string value, StringBuilder text, Budget budget)
    {
        int start = text.Length;
        char quote = value.Contains('\'') && !value.Contains('"') ? '"' : '\'';
        text.Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\\': text.Append("\\\\"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case int c when c == quote: text.Append('\\').Append(quote); break;
                case int c when c < 0x20 || c == 0x7F: text.Append($"\\x{c:x2}"); break;
                case int c when !IsPrintable(rune):
                    text.Append(c < 0x100 ? $"\\x{c:x2}" : c < 0x10000 ? $"\\u{c:x4}" : $"\\U{c:x8}");
                    break;
                default: text.Append(rune.ToString()); break;
            }
        }
        text.Append(quote);
        budget.Append(start, text.Length - start);
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
