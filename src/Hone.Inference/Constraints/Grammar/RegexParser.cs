using System.Globalization;

namespace Hone.Inference.Constraints;

/// <summary>
/// A regular expression in the syntax that ECMAScript, Python and .NET have in common, as a part of a grammar. What is not regular, or
/// differs between them, is refused by name.
/// </summary>
internal sealed class RegexParser
{
    private const int LongestPattern = 20_000, DeepestGroup = 100, LargestCount = 100_000;

    // Dialects differ in what white space is: what all of them call so, and what any of them does.
    private static readonly CharSet s_space = CharSet.Of("\t\n\v\f\r "),
        s_anySpace = s_space.Or(CharSet.Of("\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")).Or(new((0x2000, 0x200a)));
    private static readonly CharSet s_word = CharSet.Digits.Or(new(('a', 'z'), ('A', 'Z'), ('_', '_')));
    private static readonly CharSet s_dot = CharSet.Of("\n\r\u2028\u2029").Not();

    private readonly string _pattern;
    private readonly Func<CharSet, Part> _chars;
    private readonly bool _finds;
    private int _at, _depth;

    /// <param name="chars">How one character of a set is written.</param>
    /// <param name="finds">Whether the pattern may stand anywhere in the text, or is all of it.</param>
    private RegexParser(string pattern, Func<CharSet, Part> chars, bool finds) => (_pattern, _chars, _finds) = (pattern, chars, finds);

    /// <inheritdoc cref="RegexParser(string, Func{CharSet, Part}, bool)" path="/param"/>
    /// <exception cref="InputException">It is no regular expression, or uses what is not supported.</exception>
    public static Part Parse(string pattern, Func<CharSet, Part> chars, bool finds)
    {
        if (pattern.Length > LongestPattern)
            throw new InputException($"the pattern has {pattern.Length} characters, more than {LongestPattern}", fix: "Shorten it.");
        var parser = new RegexParser(pattern, chars, finds);
        Part part = parser.Choice();
        return parser.IsAtEnd ? part : throw parser.Wrong("a `)` without its `(`");
    }

    private bool IsAtEnd => _at == _pattern.Length;

    private Part Choice()
    {
        List<Part> parts = [Alternative()];
        while (Takes("|")) parts.Add(Alternative());
        return parts.Count == 1 ? parts[0] : Parts.Choice(parts);
    }

    private Part Alternative()
    {
        bool top = _depth == 0, begins = top && Takes("^"), ends = false;
        List<Part> parts = [];
        while (!IsAtEnd && _pattern[_at] is not ('|' or ')'))
        {
            if (top && Takes("$"))
            {
                ends = true;
                if (!IsAtEnd && _pattern[_at] != '|') throw Refused("`$` before the end");
                break;
            }
            parts.Add(Quantified());
        }
        if (!_finds || !top) return Parts.Sequence(parts);
        Part anything = Parts.Repeat(_chars(CharSet.All), 0, null);
        if (!begins) parts.Insert(0, anything);
        if (!ends) parts.Add(anything);
        return Parts.Sequence(parts);
    }

    private Part Quantified()
    {
        Part part = Atom();
        while (!IsAtEnd)
        {
            (int least, int? most) = (0, null);
            if (Takes("*")) { }
            else if (Takes("+")) least = 1;
            else if (Takes("?")) most = 1;
            else if (!Counts(out least, out most)) break;
            if (most < least) throw Wrong($"a count of {least} to {most}");
            part = Parts.Repeat(part, least, most);
            Takes("?"); // which way is tried first changes nothing
            if (!IsAtEnd && _pattern[_at] is '+' or '*' or '?') throw Refused("two quantifiers together");
            break;
        }
        return part;
    }

    private bool Counts(out int least, out int? most)
    {
        (least, most) = (0, null);
        int from = _at;
        if (!Takes("{")) return false;
        if (Number() is { } first)
        {
            least = first;
            most = first;
            if (Takes(","))
                most = Number();
            if (Takes("}")) return true;
        }
        _at = from; // a brace that is none
        return false;
    }

    private int? Number()
    {
        int from = _at;
        while (!IsAtEnd && char.IsAsciiDigit(_pattern[_at])) _at++;
        if (_at == from) return null;
        return int.TryParse(_pattern.AsSpan(from, _at - from), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number <= LargestCount ? number : throw Wrong($"a count above {LargestCount}");
    }

    private Part Atom()
    {
        if (Takes("(")) return Group();
        if (Takes("[")) return _chars(Class());
        if (Takes(".")) return _chars(s_dot);
        if (_pattern[_at] is '^' or '$') throw Refused($"`{_pattern[_at]}` inside the pattern");
        if (_pattern[_at] is '*' or '+' or '?') throw Wrong($"a `{_pattern[_at]}` with nothing before it");
        if (Takes("\\")) return _chars(Escape(inClass: false));
        return _chars(Single(Character()));
    }

    private Part Group()
    {
        if (++_depth > DeepestGroup) throw Wrong($"more than {DeepestGroup} groups in each other");
        if (Takes("?") && !Takes(":"))
        {
            bool named = Takes("P<") || (Takes("<") && !IsAtEnd && _pattern[_at] is not ('=' or '!'));
            int end = named ? _pattern.IndexOf('>', _at) : -1;
            if (end < 0) throw Refused("a group that begins with `(?`, other than `(?:` and named ones,");
            _at = end + 1;
        }
        Part part = Choice();
        if (!Takes(")")) throw Wrong("a `(` without its `)`");
        _depth--;
        return part;
    }

    private CharSet Class()
    {
        bool negated = Takes("^");
        var set = new CharSet();
        bool first = true;
        while (!IsAtEnd && (_pattern[_at] != ']' || first))
        {
            if (first && _pattern[_at] == ']') throw Refused("an empty class, or a class that begins with `]`,");
            if (_pattern[_at..] is ['[', ':' or '.' or '=', ..] or ['&', '&', ..] or ['-', '[', ..])
                throw Refused($"`{_pattern.AsSpan(_at, 2)}` in a class");
            first = false;
            CharSet low = Item();
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                _at++;
                CharSet high = Item();
                if (low.Ranges is not [var from] || high.Ranges is not [var to] || from.Least != from.Most || to.Least != to.Most)
                    throw Wrong("a range in a class that is not from one character to another");
                if (from.Least > to.Least) throw Wrong("a range in a class that goes backwards");
                low = new CharSet((from.Least, to.Least));
            }
            set = set.Or(low);
        }
        if (!Takes("]")) throw Wrong("a `[` without its `]`");
        return negated ? set.Not() : set;

        CharSet Item() => IsAtEnd ? throw Wrong("a `[` without its `]`") : Takes("\\") ? Escape(inClass: true) : Single(Character());
    }

    private CharSet Escape(bool inClass)
    {
        if (IsAtEnd) throw Wrong("a `\\` at the end");
        char letter = _pattern[_at];
        if (!char.IsAsciiLetterOrDigit(letter)) return Single(Character());
        _at++;
        switch (letter)
        {
            case 'd': return CharSet.Digits;
            case 'D': return CharSet.Digits.Not();
            case 'w': return s_word;
            case 'W': return s_word.Not();
            case 's': return s_space;
            case 'S': return s_anySpace.Not();
            case 't': return Single('\t');
            case 'n': return Single('\n');
            case 'r': return Single('\r');
            case 'f': return Single('\f');
            case 'v': return Single('\v');
            case 'b' when inClass: return Single('\b');
            case '0' when IsAtEnd || !char.IsAsciiDigit(_pattern[_at]): return Single(0);
            case 'x': return Single(Hex(2));
            case 'u':
                int unit = Hex(4);
                if (!char.IsHighSurrogate((char)unit)) return Single(unit);
                if (!Takes("\\u")) throw Wrong("half a surrogate pair");
                int low = Hex(4);
                return char.IsLowSurrogate((char)low)
                    ? Single(char.ConvertToUtf32((char)unit, (char)low)) : throw Wrong("half a surrogate pair");
            default: throw Refused($"`\\{letter}`");
        }
    }

    private int Hex(int digits)
    {
        if (_at + digits > _pattern.Length || !int.TryParse(
            _pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
            throw Wrong("an escape without its hexadecimal digits");
        _at += digits;
        return value;
    }

    private int Character()
    {
        if (!System.Text.Rune.TryGetRuneAt(_pattern, _at, out System.Text.Rune rune)) throw Wrong("half a surrogate pair");
        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private static CharSet Single(int character) => new((character, character));

    private bool Takes(string text)
    {
        if (string.CompareOrdinal(_pattern, _at, text, 0, text.Length) != 0) return false;
        _at += text.Length;
        return true;
    }

    private InputException Wrong(string what) => new($"the pattern has {what} (at character {_at})", Shown, "Correct the pattern.");

    private InputException Refused(string what) => new($"the pattern has {what} (at character {_at}), which is not supported", Shown,
        "Supported are characters, classes, groups, |, *, +, ?, {n,m}, and ^ and $ at the pattern's ends.");

    private string Shown => _pattern.Length <= 60 ? $"/{_pattern}/" : $"/{_pattern.AsSpan(0, 60)}.../";
}
