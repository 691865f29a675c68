namespace Hone.Text.Jinja;

/// <summary>Computes expressions.</summary>
internal sealed class Evaluator(Budget budget)
{
    /// <summary>Holds the text of the block that a filter works on; no template can spell it.</summary>
    public const string CapturedName = " captured";

    public object? Evaluate(Expression expression, Scope scope)
    {
        Budget.EnsureStack();
        budget.Step();
        switch (expression)
        {
            case Literal literal: return literal.Value;
            case Name name: return Resolve(name.Identifier, scope);
            case Captured: return Resolve(CapturedName, scope);
            case Sequence sequence: return new JinjaList([.. sequence.Items.Select(i => Evaluate(i, scope))], sequence.IsTuple);
            case Mapping mapping:
                JinjaDict dict = new();
                foreach ((Expression key, Expression value) in mapping.Entries)
                {
                    dict.Set(Evaluate(key, scope), Evaluate(value, scope), budget);
                }
                return dict;
            case AttributeAccess access: return Attributes.Get(Evaluate(access.Target, scope), access.Attribute, budget);
            case ItemAccess access: return Attributes.GetItem(Evaluate(access.Target, scope), Evaluate(access.Key, scope), budget);
            case Slice slice: return EvaluateSlice(slice, scope);
            case Call call: return Invoke(call, scope, caller: null);
            case FilterCall filter:
                return Filters.Apply(filter.Filter, Evaluate(filter.Value, scope), EvaluateArguments(filter.Arguments, scope), budget);
            case TestCall test:
                bool passed = Tests.Apply(test.Test, Evaluate(test.Value, scope), EvaluateArguments(test.Arguments, scope), budget);
                return passed != test.Negated;
            case Unary unary: return EvaluateUnary(unary.Operator, Evaluate(unary.Operand, scope));
            case Binary binary:
                return Operators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), budget);
            case Comparison comparison: return EvaluateComparison(comparison, scope);
            case Logical logical:
                object? left = Evaluate(logical.Left, scope);
                return PythonValue.IsTrue(left) == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
            case Concatenation concatenation: return Concatenate(concatenation, scope);
            case Conditional conditional:
                if (PythonValue.IsTrue(Evaluate(conditional.Condition, scope))) return Evaluate(conditional.Then, scope);
                return conditional.Else is null
                    ? new Undefined("the inline if-expression evaluated to false and no else section was defined")
                    : Evaluate(conditional.Else, scope);
            default: throw new JinjaException($"the expression {expression.GetType().Name} is not supported");
        }
    }

    /// <summary>Calls a function, a macro or a recursive loop.</summary>
    public object? Invoke(Call call, Scope scope, Callable? caller)
    {
        object? target = Evaluate(call.Target, scope);
        Arguments arguments = EvaluateArguments(call.Arguments, scope);
        if (caller is not null)
        {
            arguments = arguments with { Named = new Dictionary<string, object?>(arguments.Named) { ["caller"] = caller } };
        }
        return target switch
        {
            Callable callable => callable.Invoke(arguments),
            LoopState loop => loop.Recurse(arguments.Require(0, "iterable")),
            Undefined missing => throw missing.Error(),
            _ => throw new JinjaException($"'{PythonValue.TypeName(target)}' object is not callable"),
        };
    }

    private object? Resolve(string name, Scope scope)
    {
        bool found = scope.TryGet(name, out object? value, out int scopes);
        budget.Step(scopes / 8);
        return found ? value : new Undefined($"'{name}' is undefined");
    }

    private Arguments EvaluateArguments(ArgumentList list, Scope scope)
    {
        if (list.Positional.Count == 0 && list.Named.Count == 0) return Arguments.None;
        List<object?> positional = [];
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach (Expression argument in list.Positional)
        {
            if (argument is Spread spread) Unfold(spread, Evaluate(spread.Value, scope), positional, named);
            else positional.Add(Evaluate(argument, scope));
        }
        foreach ((string name, Expression value) in list.Named) named[name] = Evaluate(value, scope);
        return new Arguments(positional, named);
    }

    private void Unfold(Spread spread, object? value, List<object?> positional, Dictionary<string, object?> named)
    {
        if (!spread.IsMapping)
        {
            positional.AddRange(PythonValue.Iterate(value, budget));
            return;
        }
        if (value is not JinjaDict dict)
        {
            throw new JinjaException($"argument after ** must be a mapping, not {PythonValue.TypeName(value)}");
        }
        foreach ((object? key, object? item) in dict.Entries)
        {
            named[key as string ?? throw new JinjaException("keywords must be strings")] = item;
        }
    }

    private object? EvaluateSlice(Slice slice, Scope scope)
    {
        object? target = Evaluate(slice.Target, scope);
        object? start = slice.Start is null ? null : Evaluate(slice.Start, scope);
        object? stop = slice.Stop is null ? null : Evaluate(slice.Stop, scope);
        object? step = slice.Step is null ? null : Evaluate(slice.Step, scope);
        if (target is Undefined missing) throw missing.Error();
        if (target is not (string or JinjaList)) throw new JinjaException($"'{PythonValue.TypeName(target)}' object cannot be sliced");
        if (target is string text && (step is null or 1L) && (start is null or long) && (stop is null or long))
        {
            budget.Characters(text.Length);
            return PythonString.Slice(text, (long?)start, (long?)stop);
        }
        List<object?> taken = Slicing.Take(PythonValue.Iterate(target, budget), start, stop, step);
        return target is string ? PythonString.Join(taken) : new JinjaList(taken, ((JinjaList)target).IsTuple);
    }

    private object? EvaluateUnary(string op, object? value)
    {
        if (op == "not") return !PythonValue.IsTrue(value);
        if (value is Undefined missing) throw missing.Error();
        return op == "-" ? Operators.Negate(value) : Operators.Apply("+", 0L, value, budget);
    }

    private bool EvaluateComparison(Comparison comparison, Scope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string op, Expression expression) in comparison.Rest)
        {
            object? right = Evaluate(expression, scope);
            bool holds = op switch
            {
                "==" => PythonValue.Equals(left, right, budget),
                "!=" => !PythonValue.Equals(left, right, budget),
                "<" => PythonValue.Compare(left, right, budget) < 0,
                "<=" => PythonValue.Compare(left, right, budget) <= 0,
                ">" => PythonValue.Compare(left, right, budget) > 0,
                ">=" => PythonValue.Compare(left, right, budget) >= 0,
                "in" => PythonValue.Contains(right, left, budget),
                _ => !PythonValue.Contains(right, left, budget),
            };
            if (!holds) return false;
            left = right;
        }
        return true;
    }

    private string Concatenate(Concatenation concatenation, Scope scope)
    {
        string[] parts = [.. concatenation.Parts.Select(p => PythonText.Str(Evaluate(p, scope), budget))];
        budget.Characters(parts.Sum(p => (long)p.Length));
        return string.Concat(parts);
    }
}
