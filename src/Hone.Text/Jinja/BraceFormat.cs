using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>str.format with plain fields: {}, {0}, {name}. Attributes, items and format specifications are refused.</summary>
internal static class BraceFormat
{
    public static string Apply(string format, Arguments arguments, Budget budget)
    {
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
            }
            else if (c == '{')
            {
                int close = format.IndexOf('}', i);
                if (close < 0) throw new JinjaException("expected '}' before end of string");
                string field = format[(i + 1)..close];
                object? value = field.Length == 0 ? At(arguments, next++)
                    : int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? At(arguments, index)
                    : arguments.Named.TryGetValue(field, out object? named) ? named
                    : throw new JinjaException($"the format field '{{{field}}}' is not supported or not given");
                string body = PythonText.Str(value, budget);
                budget.Append(text.Length, body.Length);
                text.Append(body);
                i = close;
            }
            else if (c == '}') throw new JinjaException("single '}' encountered in format string");
            else text.Append(c);
        }
        return text.ToString();
    }

    private static object? At(Arguments arguments, int index) => index < arguments.Positional.Count
        ? arguments.Positional[index]
        : throw new JinjaException($"replacement index {index} out of range for positional args tuple");
}
