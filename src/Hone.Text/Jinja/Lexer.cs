namespace Hone.Text.Jinja;

/// <summary>
/// Cuts a template into tokens with the white-space rules that transformers sets: trim_blocks (the newline after a block tag goes),
/// lstrip_blocks (blanks before a block tag that begins a line go), '-' and '+' signs, one trailing newline dropped.
/// </summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private bool _lineStarts = true;

    private Lexer(string source) => _source = source;

    public static List<Token> Read(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n')) source = source[..^1];
        Lexer lexer = new(source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    private void ReadAll()
    {
        while (_at < _source.Length)
        {
            int tag = FindTag(_at);
            string text = _source[_at..tag];
            if (tag == _source.Length)
            {
                AddData(text);
                _at = tag;
                break;
            }
            char kind = _source[tag + 1];
            char sign = tag + 2 < _source.Length ? _source[tag + 2] : '\0';
            int length = text.Length;
            text = TrimBefore(text, kind, sign);
            AddData(text);
            CountLines(_at + text.Length, _at + length);
            _at = tag + (sign is '-' or '+' ? 3 : 2);
            if (kind == '#') SkipComment();
            else if (kind == '%' && TryReadRaw()) continue;
            else ReadTag(block: kind == '%');
        }
        Add(TokenKind.End, "");
    }

    private int FindTag(int from)
    {
        for (int at = from; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#') return at;
        }
        return _source.Length;
    }

    private string TrimBefore(string text, char kind, char sign)
    {
        if (sign == '-') return text.TrimEnd();
        if (sign == '+' || kind == '{') return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        bool blank = string.IsNullOrWhiteSpace(text[lineStart..]);
        return blank && (lineStart > 0 || _lineStarts) ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        int end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw Error("a comment is not closed");
        CountLines(_at, end);
        char sign = end > _at ? _source[end - 1] : '\0';
        _at = end + 2;
        TrimAfter(sign);
    }

    private bool TryReadRaw()
    {
        int at = _at;
        if (!TryTag(ref at, "raw", out char sign)) return false;
        _at = at;
        if (sign == '-') SkipSpaces();
        for (int end = _at; (end = _source.IndexOf("{%", end, StringComparison.Ordinal)) >= 0; end += 2)
        {
            int after = end + 2;
            char before = after < _source.Length ? _source[after] : '\0';
            if (before is '-' or '+') after++;
            if (!TryTag(ref after, "endraw", out sign)) continue;
            string text = _source[_at..end];
            int length = text.Length;
            text = TrimBefore(text, '%', before);
            AddData(text);
            CountLines(_at + text.Length, _at + length);
            _at = after;
            TrimAfter(sign);
            return true;
        }
        throw Error("a raw block is not closed");
    }

    // "\s*name\s*[-+]?%}"
    private bool TryTag(ref int at, string name, out char sign)
    {
        sign = '\0';
        int p = at;
        while (p < _source.Length && char.IsWhiteSpace(_source[p])) p++;
        if (string.CompareOrdinal(_source, p, name, 0, name.Length) != 0) return false;
        p += name.Length;
        while (p < _source.Length && char.IsWhiteSpace(_source[p])) p++;
        if (p < _source.Length && _source[p] is '-' or '+') sign = _source[p++];
        if (string.CompareOrdinal(_source, p, "%}", 0, 2) != 0) return false;
        at = p + 2;
        return true;
    }

    private void ReadTag(bool block)
    {
        Add(block ? TokenKind.BlockBegin : TokenKind.OutputBegin, block ? "{%" : "{{");
        string end = block ? "%}" : "}}";
        Stack<char> open = new();
        while (true)
        {
            SkipSpaces();
            if (_at >= _source.Length) throw Error("a tag is not closed");
            if (open.Count == 0 && TryEnd(end, block)) return;
            ReadToken(open);
        }
    }

    private bool TryEnd(string end, bool block)
    {
        char sign = _source[_at];
        bool signed = sign == '-' || (sign == '+' && block);
        if (string.CompareOrdinal(_source, _at + (signed ? 1 : 0), end, 0, 2) != 0) return false;
        Add(block ? TokenKind.BlockEnd : TokenKind.OutputEnd, end);
        _at += signed ? 3 : 2;
        if (block) TrimAfter(signed ? sign : '\0');
        else
        {
            int before = _at;
            if (signed) SkipSpaces();
            _lineStarts = _at > before && _source[_at - 1] == '\n';
        }
        return true;
    }

    private void TrimAfter(char sign)
    {
        int before = _at;
        if (sign == '-') SkipSpaces();
        else if (sign != '+' && _at < _source.Length && _source[_at] == '\n')
        {
            _at++;
            _line++;
        }
        _lineStarts = _at > before && _source[_at - 1] == '\n';
    }

    private void ReadToken(Stack<char> open)
    {
        char c = _source[_at];
        if (char.IsLetter(c) || c == '_')
        {
            int start = _at;
            while (_at < _source.Length && (char.IsLetterOrDigit(_source[_at]) || _source[_at] == '_')) _at++;
            Add(TokenKind.Name, _source[start.._at]);
        }
        else if (char.IsAsciiDigit(c)) ReadNumber();
        else if (c is '\'' or '"') ReadString(c);
        else ReadOperator(open);
    }

    private void ReadNumber()
    {
        int start = _at;
        bool afterDot = _tokens[^1].IsOperator(".");
        SkipDigits();
        bool isFloat = false;
        if (!afterDot && _at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]))
        {
            isFloat = true;
            _at++;
            SkipDigits();
        }
        int exponent = _at + 1;
        if (_at < _source.Length && _source[_at] is 'e' or 'E')
        {
            if (exponent < _source.Length && _source[exponent] is '+' or '-') exponent++;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                isFloat = true;
                _at = exponent;
                SkipDigits();
            }
        }
        string text = _source[start.._at].Replace("_", "", StringComparison.Ordinal);
        Add(isFloat ? TokenKind.Float : TokenKind.Integer, text);
    }

    private void SkipDigits()
    {
        while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || _source[_at] == '_')) _at++;
    }

    private void ReadString(char quote)
    {
        int line = _line;
        int end = _at + 1;
        while (end < _source.Length && _source[end] != quote) end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length) throw Error("a string is not closed");
        string text = StringLiteral.Unescape(_source.AsSpan(_at + 1, end - _at - 1));
        CountLines(_at, end);
        _at = end + 1;
        _tokens.Add(new(TokenKind.String, text, line));
    }

    private void ReadOperator(Stack<char> open)
    {
        string two = _at + 1 < _source.Length ? _source.Substring(_at, 2) : "";
        if (two is "//" or "**" or "==" or "!=" or ">=" or "<=")
        {
            Add(TokenKind.Operator, two);
            _at += 2;
            return;
        }
        char c = _source[_at];
        if (!"+-/*%~[](){}<>=.:|,;".Contains(c)) throw Error($"unexpected character '{c}'");
        if (c is '(' or '[' or '{') open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        else if (c is ')' or ']' or '}' && (open.Count == 0 || open.Pop() != c)) throw Error($"unexpected '{c}'");
        Add(TokenKind.Operator, c.ToString());
        _at++;
    }

    private void SkipSpaces()
    {
        for (; _at < _source.Length && char.IsWhiteSpace(_source[_at]); _at++)
        {
            if (_source[_at] == '\n') _line++;
        }
    }

    private void AddData(string text)
    {
        if (text.Length == 0) return;
        Add(TokenKind.Data, text);
        CountLines(_at, _at + text.Length);
    }

    private void CountLines(int from, int to) => _line += _source.AsSpan(from, to - from).Count('\n');

    private void Add(TokenKind kind, string text) => _tokens.Add(new(kind, text, _line));

    private JinjaException Error(string what) => new(what) { Line = _line };
}
