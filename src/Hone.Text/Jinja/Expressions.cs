namespace Hone.Text.Jinja;

/// <summary>Expression nodes.</summary>
internal abstract record Expression;

internal sealed record Literal(object? Value) : Expression;

internal sealed record Name(string Identifier) : Expression;

internal sealed record Sequence(IReadOnlyList<Expression> Items, bool IsTuple) : Expression;

internal sealed record Mapping(IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression;

internal sealed record AttributeAccess(Expression Target, string Attribute) : Expression;

internal sealed record ItemAccess(Expression Target, Expression Key) : Expression;

internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Call(Expression Target, ArgumentList Arguments) : Expression;

internal sealed record FilterCall(Expression Value, string Filter, ArgumentList Arguments) : Expression;

internal sealed record TestCall(Expression Value, string Test, ArgumentList Arguments, bool Negated) : Expression;

internal sealed record Unary(string Operator, Expression Operand) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest) : Expression;

internal sealed record Logical(bool IsAnd, Expression Left, Expression Right) : Expression;

internal sealed record Concatenation(IReadOnlyList<Expression> Parts) : Expression;

internal sealed record Conditional(Expression Condition, Expression Then, Expression? Else) : Expression;

/// <summary>Text captured from a block, as the value that a filter block or a set block filters.</summary>
internal sealed record Captured : Expression;

/// <summary>*items or **mapping among the arguments of a call.</summary>
internal sealed record Spread(Expression Value, bool IsMapping) : Expression;

internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);
}
