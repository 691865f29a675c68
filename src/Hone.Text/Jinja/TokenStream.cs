namespace Hone.Text.Jinja;

/// <summary>The parser's view of the tokens, and its guard against deep nesting.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private const int MaxDepth = 200;
    private int _at;
    private int _depth;

    public Token Current => tokens[Math.Min(_at, tokens.Count - 1)];

    public Token Peek => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Next()
    {
        Token token = Current;
        _at++;
        return token;
    }

    public bool TryOperator(string text)
    {
        bool found = Current.IsOperator(text);
        if (found) _at++;
        return found;
    }

    public bool TryName(string name)
    {
        bool found = Current.IsName(name);
        if (found) _at++;
        return found;
    }

    public void ExpectOperator(string text)
    {
        if (!TryOperator(text)) throw Error($"expected '{text}' but found {Current}");
    }

    public void ExpectName(string name)
    {
        if (!TryName(name)) throw Error($"expected '{name}' but found {Current}");
    }

    public string ExpectIdentifier() => Current.Kind == TokenKind.Name ? Next().Text : throw Error($"expected a name but found {Current}");

    public void ExpectKind(TokenKind kind, string name)
    {
        if (Current.Kind != kind) throw Error($"expected {name} but found {Current}");
        _at++;
    }

    /// <summary>.NET cannot survive a stack overflow, so nesting is counted and the real stack is asked too.</summary>
    public void Enter()
    {
        if (++_depth > MaxDepth || !System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error($"the template nests deeper than {MaxDepth}");
        }
    }

    public void Leave() => _depth--;

    public JinjaException Error(string what) => new(what) { Line = Current.Line };
}
