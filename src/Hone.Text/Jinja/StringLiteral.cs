using System.Globalization;
using System.Text;

namespace Hone.Text.Jinja;

/// <summary>Escapes of a string literal, as Python's unicode-escape codec reads them.</summary>
internal static class StringLiteral
{
    public static string Unescape(ReadOnlySpan<char> body)
    {
        if (!body.Contains('\\')) return body.ToString();
        StringBuilder text = new(body.Length);
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\' || i + 1 >= body.Length)
            {
                text.Append(body[i]);
                continue;
            }
            char c = body[++i];
            switch (c)
            {
                case 'n': text.Append('\n'); break;
                case 't': text.Append('\t'); break;
                case 'r': text.Append('\r'); break;
                case 'b': text.Append('\b'); break;
                case 'f': text.Append('\f'); break;
                case 'v': text.Append('\v'); break;
                case 'a': text.Append('\a'); break;
                case '\\' or '\'' or '"': text.Append(c); break;
                case '\n': break;
                case 'x': i += Hex(body, i + 1, 2, text); break;
                case 'u': i += Hex(body, i + 1, 4, text); break;
                case 'U': i += Hex(body, i + 1, 8, text); break;
                case >= '0' and <= '7': i += Octal(body, i, text) - 1; break;
                default: text.Append('\\').Append(c); break;
            }
        }
        return text.ToString();
    }

    private static int Hex(ReadOnlySpan<char> body, int at, int digits, StringBuilder text)
    {
        if (at + digits > body.Length
            || !uint.TryParse(body.Slice(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint code)
            || code > 0x10FFFF)
        {
            throw new JinjaException("a string holds a broken \\x, \\u or \\U escape");
        }
        if (code < 0x10000) text.Append((char)code);
        else text.Append(new Rune(code));
        return digits;
    }

    private static int Octal(ReadOnlySpan<char> body, int at, StringBuilder text)
    {
        int count = 0, code = 0;
        while (count < 3 && at + count < body.Length && body[at + count] is >= '0' and <= '7')
        {
            code = (code * 8) + (body[at + count++] - '0');
        }
        text.Append((char)code);
        return count;
    }
}
