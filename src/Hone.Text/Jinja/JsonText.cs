using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>tojson as transformers defines it: Python's json.dumps with ensure_ascii off, nothing escaped for HTML.</summary>
internal sealed class JsonText(int? indent, string itemSeparator, string keySeparator, bool sortKeys, bool ensureAscii, Budget budget)
{
    private readonly StringBuilder _text = new();

    public static string Write(object? value, Arguments arguments, Budget budget)
    {
        bool ascii = arguments.Flag(0, "ensure_ascii", false);
        int? indent = arguments.Get(1, "indent") is long width ? (int)Math.Clamp(width, 0, 64) : null;
        string item = indent is null ? ", " : ",", key = ": ";
        if (arguments.Get(2, "separators") is JinjaList { Items: [string first, string second] }) (item, key) = (first, second);
        JsonText json = new(indent, item, key, arguments.Flag(3, "sort_keys", false), ascii, budget);
        json.Append(value, 0);
        return json._text.ToString();
    }

    private void Append(object? value, int level)
    {
        Budget.EnsureStack();
        budget.Append(_text.Length, value is string given ? given.Length : 1);
        switch (value)
        {
            case null: _text.Append("null"); break;
            case bool b: _text.Append(b ? "true" : "false"); break;
            case long or System.Numerics.BigInteger: _text.Append(PythonInteger.Text(value, budget)); break;
            case double d:
                _text.Append(double.IsNaN(d) ? "NaN"
                    : double.IsInfinity(d) ? d > 0 ? "Infinity" : "-Infinity"
                    : PythonValue.FloatText(d));
                break;
            case string s: AppendString(s); break;
            case JinjaList list: AppendAll('[', ']', list.Items, item => Append(item, level + 1), level); break;
            case JinjaDict dict:
                IEnumerable<(string Key, object? Value)> entries = dict.Entries.Select(e => (KeyText(e.Key), e.Value));
                if (sortKeys) entries = entries.OrderBy(e => e.Key, StringComparer.Ordinal);
                AppendAll('{', '}', [.. entries], entry =>
                {
                    AppendString(entry.Key);
                    _text.Append(keySeparator);
                    Append(entry.Value, level + 1);
                }, level);
                break;
            default: throw new JinjaException($"Object of type {PythonValue.TypeName(value)} is not JSON serializable");
        }
    }

    private void AppendAll<T>(char open, char close, IReadOnlyList<T> items, Action<T> append, int level)
    {
        _text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) _text.Append(itemSeparator);
            NewLine(level + 1);
            append(items[i]);
        }
        if (items.Count > 0) NewLine(level);
        _text.Append(close);
    }

    private void NewLine(int level)
    {
        if (indent is not int width) return;
        budget.Append(_text.Length, 1 + (width * level));
        _text.Append('\n').Append(' ', width * level);
    }

    private string KeyText(object? key) => key switch
    {
        string text => text,
        null => "null",
        bool b => b ? "true" : "false",
        long or System.Numerics.BigInteger => PythonInteger.Text(key, budget),
        double d => PythonValue.FloatText(d),
        _ => throw new JinjaException($"keys must be str, int, float, bool or None, not {PythonValue.TypeName(key)}"),
    };

    private void AppendString(string value)
    {
        int start = _text.Length;
        _text.Append('"');
        foreach (char c in value)
        {
            switch (c)
            {
                case '"': _text.Append("\\\""); break;
                case '\\': _text.Append("\\\\"); break;
                case '\n': _text.Append("\\n"); break;
                case '\r': _text.Append("\\r"); break;
                case '\t': _text.Append("\\t"); break;
                case '\b': _text.Append("\\b"); break;
                case '\f': _text.Append("\\f"); break;
                case char control when control < 0x20 || (ensureAscii && control > 0x7E):
                    _text.Append("\\u").Append(((int)control).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default: _text.Append(c); break;
            }
        }
        _text.Append('"');
        budget.Append(start, _text.Length - start);
    }
}
