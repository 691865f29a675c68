namespace Hone.Text.Jinja;

/// <summary>Statement nodes. <paramref name="Line"/> is a line of the template, from 1.</summary>
internal abstract record Statement(int Line);

internal sealed record TextStatement(string Text, int Line) : Statement(Line);

internal sealed record OutputStatement(Expression Value, int Line) : Statement(Line);

internal sealed record IfStatement(
    IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Else, int Line)
        : Statement(Line);

internal sealed record ForStatement(
    Target Target,
    Expression Items,
    Expression? Condition,
    bool Recursive,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Else,
    int Line) : Statement(Line);

internal sealed record SetStatement(Target Target, Expression Value, int Line) : Statement(Line);

internal sealed record SetBlockStatement(Target Target, Expression Filtered, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record Signature(IReadOnlyList<(string Name, Expression? Default)> Parameters);

internal sealed record MacroStatement(string Name, Signature Signature, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record CallStatement(Signature Signature, Call Call, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record FilterStatement(Expression Filtered, IReadOnlyList<Statement> Body, int Line) : Statement(Line);

internal sealed record WithStatement(IReadOnlyList<(string Name, Expression Value)> Values, IReadOnlyList<Statement> Body, int Line)
    : Statement(Line);

internal sealed record LoopControlStatement(bool IsBreak, int Line) : Statement(Line);

/// <summary>transformers' {% generation %}: what the assistant writes.</summary>
internal sealed record GenerationStatement(IReadOnlyList<Statement> Body, int Line) : Statement(Line);
