namespace Hone.Text.Jinja;

/// <summary>Recursive descent over the blocks of a template.</summary>
internal sealed class StatementParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;

    private StatementParser(TokenStream tokens) => (_tokens, _expressions) = (tokens, new ExpressionParser(tokens));

    /// <summary>True when the template marks what the assistant writes.</summary>
    public bool HasGeneration { get; private set; }

    public static (IReadOnlyList<Statement> Body, bool HasGeneration) Parse(string source)
    {
        StatementParser parser = new(new TokenStream(Lexer.Read(source)));
        List<Statement> body = parser.ParseUntil();
        if (parser._tokens.Current.Kind != TokenKind.End) throw parser._tokens.Error($"unexpected {parser._tokens.Current}");
        return (body, parser.HasGeneration);
    }

    // Stops before a tag with one of these names, its "{%" consumed; without names, at the end of the template.
    private List<Statement> ParseUntil(params ReadOnlySpan<string> names)
    {
        _tokens.Enter();
        List<Statement> body = [];
        while (_tokens.Current.Kind != TokenKind.End)
        {
            Token token = _tokens.Next();
            if (token.Kind == TokenKind.Data) body.Add(new TextStatement(token.Text, token.Line));
            else if (token.Kind == TokenKind.OutputBegin)
            {
                body.Add(new OutputStatement(_expressions.ParseTuple(), token.Line));
                _tokens.ExpectKind(TokenKind.OutputEnd, "'}}'");
            }
            else
            {
                if (_tokens.Current.Kind == TokenKind.Name && names.Contains(_tokens.Current.Text))
                {
                    _tokens.Leave();
                    return body;
                }
                body.Add(ParseStatement());
                _tokens.ExpectKind(TokenKind.BlockEnd, "'%}'");
            }
        }
        if (names.Length > 0) throw _tokens.Error($"the template ends where '{string.Join("' or '", names.ToArray())}' was expected");
        _tokens.Leave();
        return body;
    }

    // The body of a block up to its end tag, the tag's name consumed.
    private List<Statement> ParseBody(string end)
    {
        _tokens.ExpectKind(TokenKind.BlockEnd, "'%}'");
        List<Statement> body = ParseUntil(end);
        _tokens.Next();
        return body;
    }

    private Statement ParseStatement()
    {
        int line = _tokens.Current.Line;
        string tag = _tokens.ExpectIdentifier();
        switch (tag)
        {
            case "if": return ParseIf(line);
            case "for": return ParseFor(line);
            case "set": return ParseSet(line);
            case "macro":
                string name = _tokens.ExpectIdentifier();
                Signature signature = ParseSignature();
                return new MacroStatement(name, signature, ParseNamedEnd("endmacro"), line);
            case "call":
                Signature parameters = _tokens.Current.IsOperator("(") ? ParseSignature() : new Signature([]);
                Call call = _expressions.Parse() as Call ?? throw _tokens.Error("'call' needs a call of a macro");
                return new CallStatement(parameters, call, ParseBody("endcall"), line);
            case "filter":
                Expression filtered = _expressions.ParseFilters(_expressions.ParseFilter(new Captured()));
                return new FilterStatement(filtered, ParseBody("endfilter"), line);
            case "with": return ParseWith(line);
            case "generation":
                HasGeneration = true;
                return new GenerationStatement(ParseBody("endgeneration"), line);
            case "break" or "continue":
                return new LoopControlStatement(tag == "break", line);
            default:
                throw new JinjaException($"the tag '{tag}' is not supported here") { Line = line };
        }
    }

    private IfStatement ParseIf(int line)
    {
        List<(Expression, IReadOnlyList<Statement>)> branches = [];
        List<Statement> otherwise = [];
        string tag;
        do
        {
            Expression condition = _expressions.ParseTuple(withConditional: false);
            _tokens.ExpectKind(TokenKind.BlockEnd, "'%}'");
            branches.Add((condition, ParseUntil("elif", "else", "endif")));
            tag = _tokens.Next().Text;
        }
        while (tag == "elif");
        if (tag == "else") otherwise = ParseBody("endif");
        return new IfStatement(branches, otherwise, line);
    }

    private ForStatement ParseFor(int line)
    {
        Target target = ParseTarget();
        _tokens.ExpectName("in");
        Expression items = _expressions.ParseTuple(withConditional: false);
        Expression? condition = _tokens.TryName("if") ? _expressions.Parse() : null;
        bool recursive = _tokens.TryName("recursive");
        _tokens.ExpectKind(TokenKind.BlockEnd, "'%}'");
        List<Statement> body = ParseUntil("else", "endfor");
        List<Statement> otherwise = _tokens.Next().Text == "else" ? ParseBody("endfor") : [];
        return new ForStatement(target, items, condition, recursive, body, otherwise, line);
    }

    private Statement ParseSet(int line)
    {
        Target target = ParseTarget();
        if (_tokens.TryOperator("=")) return new SetStatement(target, _expressions.ParseTuple(), line);
        if (target is TupleTarget) throw _tokens.Error("a set block takes one name");
        Expression filtered = _expressions.ParseFilters(new Captured());
        return new SetBlockStatement(target, filtered, ParseBody("endset"), line);
    }

    // One target, or several with commas between: a tuple.
    private Target ParseTarget()
    {
        Target first = ParseOneTarget();
        if (!_tokens.Current.IsOperator(",")) return first;
        List<Target> parts = [first];
        while (_tokens.TryOperator(",")
            && (_tokens.Current.IsOperator("(") || _tokens.Current.Kind == TokenKind.Name && !_tokens.Current.IsName("in")))
        {
            parts.Add(ParseOneTarget());
        }
        return new TupleTarget(parts);
    }

    private Target ParseOneTarget()
    {
        if (!_tokens.TryOperator("("))
        {
            string name = _tokens.ExpectIdentifier();
            return new NameTarget(name, _tokens.TryOperator(".") ? _tokens.ExpectIdentifier() : null);
        }
        _tokens.Enter();
        Target inner = ParseTarget();
        _tokens.ExpectOperator(")");
        _tokens.Leave();
        return inner;
    }

    private WithStatement ParseWith(int line)
    {
        List<(string, Expression)> values = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0) _tokens.ExpectOperator(",");
            string name = _tokens.ExpectIdentifier();
            _tokens.ExpectOperator("=");
            values.Add((name, _expressions.Parse()));
        }
        return new WithStatement(values, ParseBody("endwith"), line);
    }

    private List<Statement> ParseNamedEnd(string end)
    {
        List<Statement> body = ParseBody(end);
        if (_tokens.Current.Kind == TokenKind.Name) _tokens.Next();
        return body;
    }

    private Signature ParseSignature()
    {
        _tokens.ExpectOperator("(");
        List<(string, Expression?)> parameters = [];
        while (!_tokens.TryOperator(")"))
        {
            string name = _tokens.ExpectIdentifier();
            parameters.Add((name, _tokens.TryOperator("=") ? _expressions.Parse() : null));
            if (!_tokens.Current.IsOperator(")")) _tokens.ExpectOperator(",");
        }
        return new Signature(parameters);
    }
}
