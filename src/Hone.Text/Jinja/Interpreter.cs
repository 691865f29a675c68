namespace Hone.Text.Jinja;

/// <summary>Runs the statements of a template. One instance per rendering.</summary>
internal sealed class Interpreter
{
    private readonly Budget _budget;
    private readonly Output _output;
    private readonly Evaluator _evaluator;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    private Interpreter(Budget budget, Scope globals)
    {
        _budget = budget;
        _output = new Output(budget);
        _evaluator = new Evaluator(budget);
        Globals.Define(globals, budget);
    }

    public static Output Run(IReadOnlyList<Statement> body, Scope variables, RenderLimits limits, TimeProvider clock)
    {
        Budget budget = new(limits);
        Scope globals = new(null);
        Interpreter interpreter = new(budget, globals);
        globals.Set(
            "strftime_now", new Callable("strftime_now", a => Strftime.Format(a.Text(0, "format", ""), clock.GetLocalNow(), budget)));
        interpreter.Run(body, new Scope(variables.Over(globals)));
        return interpreter._output;
    }

    private Flow Run(IReadOnlyList<Statement> body, Scope scope)
    {
        Budget.EnsureStack();
        foreach (Statement statement in body)
        {
            _budget.Step();
            try
            {
                Flow flow = Run(statement, scope);
                if (flow != Flow.Next) return flow;
            }
            catch (JinjaException error) when (error.Line == 0)
            {
                error.Line = statement.Line;
                throw;
            }
        }
        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                _output.Write(text.Text);
                break;
            case OutputStatement output:
                _output.Write(PythonText.Str(_evaluator.Evaluate(output.Value, scope), _budget));
                break;
            case IfStatement condition:
                foreach ((Expression test, IReadOnlyList<Statement> body) in condition.Branches)
                {
                    if (PythonValue.IsTrue(_evaluator.Evaluate(test, scope))) return Run(body, scope);
                }
                return Run(condition.Else, scope);
            case ForStatement loop:
                RunLoop(loop, _evaluator.Evaluate(loop.Items, scope), scope, depth: 0);
                break;
            case SetStatement set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                break;
            case SetBlockStatement set:
                Assign(set.Target, _evaluator.Evaluate(set.Filtered, WithCaptured(set.Body, scope)), scope);
                break;
            case MacroStatement macro:
                scope.Set(macro.Name, new Callable(macro.Name, MakeMacro(macro.Name, macro.Signature, macro.Body, scope)));
                break;
            case CallStatement call:
                Callable caller = new("caller", MakeMacro("caller", call.Signature, call.Body, scope));
                _output.Write(PythonText.Str(_evaluator.Invoke(call.Call, scope, caller), _budget));
                break;
            case FilterStatement filter:
                _output.Write(PythonText.Str(_evaluator.Evaluate(filter.Filtered, WithCaptured(filter.Body, scope)), _budget));
                break;
            case WithStatement with:
                Scope inner = new(scope);
                foreach ((string name, Expression value) in with.Values) inner.Set(name, _evaluator.Evaluate(value, scope));
                return Run(with.Body, inner);
            case GenerationStatement generation:
                _output.BeginGeneration();
                Flow flow = Run(generation.Body, new Scope(scope));
                _output.EndGeneration();
                return flow;
            case LoopControlStatement control:
                return control.IsBreak ? Flow.Break : Flow.Continue;
        }
        return Flow.Next;
    }

    private void RunLoop(ForStatement loop, object? iterable, Scope scope, int depth)
    {
        IReadOnlyList<object?> items = PythonValue.Iterate(iterable, _budget);
        if (loop.Condition is not null) items = Filter(loop, items, scope);
        if (items.Count == 0)
        {
            Run(loop.Else, scope);
            return;
        }
        LoopState state = new(
            items, depth, _budget, loop.Recursive ? value => Capture(() => RunLoop(loop, value, scope, depth + 1)) : null);
        for (int i = 0; i < items.Count; i++)
        {
            _budget.Step();
            state.Index = i;
            Scope inner = new(scope);
            Assign(loop.Target, items[i], inner);
            inner.Set("loop", state);
            if (Run(loop.Body, inner) == Flow.Break) break;
        }
    }

    private List<object?> Filter(ForStatement loop, IReadOnlyList<object?> items, Scope scope)
    {
        List<object?> kept = [];
        foreach (object? item in items)
        {
            Scope inner = new(scope);
            Assign(loop.Target, item, inner);
            if (PythonValue.IsTrue(_evaluator.Evaluate(loop.Condition!, inner))) kept.Add(item);
        }
        return kept;
    }

    private void Assign(Target target, object? value, Scope scope)
    {
        _budget.Step();
        switch (target)
        {
            case NameTarget { Attribute: null } name:
                scope.Set(name.Name, value);
                break;
            case NameTarget name when scope.TryGet(name.Name, out object? holder, out _) && holder is JinjaNamespace space:
                space.Attributes[name.Attribute!] = value;
                break;
            case TupleTarget tuple:
                IReadOnlyList<object?> parts = PythonValue.Iterate(value, _budget);
                if (parts.Count != tuple.Parts.Count)
                {
                    throw new JinjaException($"cannot unpack {parts.Count} values into {tuple.Parts.Count} names");
                }
                for (int i = 0; i < parts.Count; i++) Assign(tuple.Parts[i], parts[i], scope);
                break;
            default:
                throw new JinjaException("cannot assign attribute on non-namespace object");
        }
    }

    private Func<Arguments, object?> MakeMacro(string name, Signature signature, IReadOnlyList<Statement> body, Scope scope) => arguments =>
    {
        _budget.EnterCall();
        Budget.EnsureStack();
        Scope inner = new(scope);
        int count = signature.Parameters.Count;
        _budget.Step(count * (1L + arguments.Named.Count));
        if (arguments.Positional.Count > count) throw new JinjaException($"macro '{name}' takes not more than {count} argument(s)");
        for (int i = 0; i < count; i++)
        {
            (string parameter, Expression? otherwise) = signature.Parameters[i];
            object? value = arguments.Has(i, parameter) ? arguments.Get(i, parameter)
                : otherwise is not null ? _evaluator.Evaluate(otherwise, inner)
                : new Undefined($"parameter '{parameter}' was not provided");
            inner.Set(parameter, value);
        }
        foreach (string given in arguments.Named.Keys)
        {
            if (given != "caller" && !signature.Parameters.Any(p => p.Name == given))
            {
                throw new JinjaException($"macro '{name}' takes no keyword argument '{given}'");
            }
        }
        if (arguments.Named.TryGetValue("caller", out object? caller)) inner.Set("caller", caller);
        string text = Capture(() => Run(body, inner));
        _budget.LeaveCall();
        return text;
    };

    private Scope WithCaptured(IReadOnlyList<Statement> body, Scope scope)
    {
        Scope inner = new(scope);
        inner.Set(Evaluator.CapturedName, Capture(() => Run(body, new Scope(scope))));
        return inner;
    }

    private string Capture(Action run)
    {
        _output.BeginCapture();
        run();
        return _output.EndCapture();
    }
}
