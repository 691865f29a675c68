using System.Globalization;

namespace Hone.Text.Jinja;

/// <summary>Recursive descent over expressions, with Jinja2's precedences.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    public Expression Parse(bool withConditional = true)
    {
        tokens.Enter();
        Expression result = withConditional ? ParseConditional() : ParseOr();
        tokens.Leave();
        return result;
    }

    /// <summary>One expression, or several with commas between: a tuple.</summary>
    public Expression ParseTuple(bool withConditional = true)
    {
        Expression first = Parse(withConditional);
        if (!tokens.Current.IsOperator(",")) return first;
        List<Expression> items = [first];
        while (tokens.TryOperator(","))
        {
            if (EndsTuple()) break;
            items.Add(Parse(withConditional));
        }
        return new Sequence(items, IsTuple: true);
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        while (!tokens.TryOperator(")"))
        {
            if (tokens.Current.Kind == TokenKind.Name && tokens.Peek.IsOperator("="))
            {
                string name = tokens.Next().Text;
                tokens.Next();
                named.Add((name, Parse()));
            }
            else if (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "**" })
            {
                positional.Add(new Spread(IsMapping: tokens.Next().Text == "**", Value: Parse()));
            }
            else
            {
                if (named.Count > 0) throw tokens.Error("a positional argument follows a named one");
                positional.Add(Parse());
            }
            if (!tokens.Current.IsOperator(")")) tokens.ExpectOperator(",");
        }
        return new(positional, named);
    }

    /// <summary>Filters, tests and calls that follow a value.</summary>
    public Expression ParseFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TryOperator("|")) value = ParseFilter(value);
            else if (tokens.TryName("is")) value = ParseTest(value);
            else if (tokens.Current.IsOperator("(")) value = new Call(value, ParseArguments());
            else return value;
        }
    }

    public Expression ParseFilter(Expression value)
    {
        string name = tokens.ExpectIdentifier();
        if (tokens.Current.IsOperator(".")) throw tokens.Error($"there is no filter named '{name}.{tokens.Peek.Text}'");
        return new FilterCall(value, name, tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty);
    }

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd
        || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("=") || tokens.Current.IsName("in");

    private Expression ParseConditional()
    {
        Expression value = ParseOr();
        while (tokens.TryName("if"))
        {
            Expression condition = ParseOr();
            value = new Conditional(condition, value, tokens.TryName("else") ? Parse() : null);
        }
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.TryName("or")) left = new Logical(IsAnd: false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.TryName("and")) left = new Logical(IsAnd: true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.TryName("not")) return ParseComparison();
        tokens.Enter();
        Expression operand = ParseNot();
        tokens.Leave();
        return new Unary("not", operand);
    }

    private Expression ParseComparison()
    {
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        while (true)
        {
            Token token = tokens.Current;
            if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                tokens.Next();
                rest.Add((token.Text, ParseSum()));
            }
            else if (tokens.TryName("in")) rest.Add(("in", ParseSum()));
            else if (token.IsName("not") && tokens.Peek.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", ParseSum()));
            }
            else return rest.Count == 0 ? first : new Comparison(first, rest);
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            left = new Binary(tokens.Next().Text, left, ParseConcatenation());
        }
        return left;
    }

    private Expression ParseConcatenation()
    {
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~")) return first;
        List<Expression> parts = [first];
        while (tokens.TryOperator("~")) parts.Add(ParseProduct());
        return new Concatenation(parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = new Binary(tokens.Next().Text, left, ParsePower());
        }
        return left;
    }

    private Expression ParsePower()
    {
        Expression left = ParseUnary(withFilters: true);
        while (tokens.TryOperator("**")) left = new Binary("**", left, ParseUnary(withFilters: true));
        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        Expression value;
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" })
        {
            tokens.Enter();
            value = new Unary(tokens.Next().Text, ParseUnary(withFilters: false));
            tokens.Leave();
        }
        else value = ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFilters(value) : value;
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            if (tokens.TryOperator("."))
            {
                Token token = tokens.Next();
                value = token.Kind switch
                {
                    TokenKind.Name => new AttributeAccess(value, token.Text),
                    TokenKind.Integer => new ItemAccess(value, new Literal(ParseInteger(token))),
                    _ => throw tokens.Error($"expected a name after '.' but found {token}"),
                };
            }
            else if (tokens.TryOperator("["))
            {
                value = ParseSubscript(value);
                tokens.ExpectOperator("]");
            }
            else if (tokens.Current.IsOperator("(")) value = new Call(value, ParseArguments());
            else return value;
        }
    }

    private Expression ParseSubscript(Expression value)
    {
        Expression? start = tokens.Current.IsOperator(":") ? null : Parse();
        if (!tokens.TryOperator(":"))
        {
            if (!tokens.Current.IsOperator(",")) return new ItemAccess(value, start!);
            throw tokens.Error("a subscript with a comma is not supported");
        }
        Expression? stop = tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();
        Expression? step = tokens.TryOperator(":") && !tokens.Current.IsOperator("]") ? Parse() : null;
        return new Slice(value, start, stop, step);
    }

    private TestCall ParseTest(Expression value)
    {
        bool negated = tokens.TryName("not");
        string name = tokens.ExpectIdentifier();
        ArgumentList arguments = ArgumentList.Empty;
        if (tokens.Current.IsOperator("(")) arguments = ParseArguments();
        else if (StartsTestArgument(tokens.Current)) arguments = new([ParsePostfix(ParsePrimary())], []);
        return new TestCall(value, name, arguments, negated);
    }

    private static bool StartsTestArgument(Token token) => token.Kind switch
    {
        TokenKind.Name => token.Text is not ("else" or "or" or "and" or "is" or "if" or "not" or "in" or "recursive"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => token.Text is "[" or "{",
        _ => false,
    };

    private Expression ParsePrimary()
    {
        Token token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(true),
                    "false" or "False" => new Literal(false),
                    "none" or "None" => new Literal(null),
                    _ => new Name(token.Text),
                };
            case TokenKind.String:
                string text = token.Text;
                if (tokens.Current.Kind != TokenKind.String) return new Literal(text);
                System.Text.StringBuilder joined = new(text);
                while (tokens.Current.Kind == TokenKind.String) joined.Append(tokens.Next().Text);
                return new Literal(joined.ToString());
            case TokenKind.Integer:
                return new Literal(ParseInteger(token));
            case TokenKind.Float:
                return new Literal(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                if (tokens.TryOperator(")")) return new Sequence([], IsTuple: true);
                Expression inner = ParseTuple();
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new Sequence(ParseItems("]"), IsTuple: false);
            case TokenKind.Operator when token.Text == "{":
                return ParseMapping();
            default:
                throw new JinjaException($"expected an expression but found {token}") { Line = token.Line };
        }
    }

    private List<Expression> ParseItems(string close)
    {
        List<Expression> items = [];
        while (!tokens.TryOperator(close))
        {
            items.Add(Parse());
            if (!tokens.Current.IsOperator(close)) tokens.ExpectOperator(",");
        }
        return items;
    }

    private Mapping ParseMapping()
    {
        List<(Expression, Expression)> entries = [];
        while (!tokens.TryOperator("}"))
        {
            Expression key = Parse();
            tokens.ExpectOperator(":");
            entries.Add((key, Parse()));
            if (!tokens.Current.IsOperator("}")) tokens.ExpectOperator(",");
        }
        return new Mapping(entries);
    }

    private static object ParseInteger(Token token)
    {
        try
        {
            return PythonInteger.Parse(token.Text)!;
        }
        catch (JinjaException error)
        {
            throw new JinjaException(error.Message) { Line = token.Line };
        }
    }
}
