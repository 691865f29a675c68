namespace Hone.Text.Jinja;

/// <summary>Functions that every template can call.</summary>
internal static class Globals
{
    // Jinja2's own limit.
    private const int MaxRange = 100_000;

    public static void Define(Scope scope, Budget budget)
    {
        Add("range", arguments => Range(arguments, budget));
        Add("namespace", arguments =>
        {
            JinjaNamespace space = new();
            if (arguments.Get(0, "mapping") is JinjaDict initial)
            {
                budget.Step(initial.Count);
                foreach ((object? key, object? value) in initial.Entries) space.Attributes[PythonText.Str(key, budget)] = value;
            }
            foreach ((string name, object? value) in arguments.Named) space.Attributes[name] = value;
            return space;
        });
        Add("dict", arguments =>
        {
            JinjaDict dict = new();
            if (arguments.Positional is [JinjaDict initial])
            {
                foreach ((object? key, object? value) in initial.Entries) dict.Set(key, value, budget);
            }
            foreach ((string name, object? value) in arguments.Named) dict.Set(name, value, budget);
            return dict;
        });
        Add("raise_exception",
            arguments => throw new JinjaException(PythonText.Str(arguments.Require(0, "message"), budget)) { RaisedByTemplate = true });

        void Add(string name, Func<Arguments, object?> function) => scope.Set(name, new Callable(name, function));
    }

    private static JinjaList Range(Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count is 0 or > 3) throw new JinjaException("range expects 1 to 3 arguments");
        long start = arguments.Positional.Count > 1 ? arguments.Integer(0, "start", 0) : 0;
        long stop = arguments.Positional.Count > 1 ? arguments.Integer(1, "stop", 0) : arguments.Integer(0, "stop", 0);
        long step = arguments.Integer(2, "step", 1);
        if (step == 0) throw new JinjaException("range() arg 3 must not be zero");
        Int128 span = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        Int128 size = step == long.MinValue ? 0 : Math.Abs(step);
        Int128 count = span <= 0 ? 0 : size == 0 ? 1 : (span + size - 1) / size;
        if (count > MaxRange) throw new JinjaException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
        budget.Step((long)count);
        List<object?> items = new((int)count);
        for (long i = start; items.Count < (int)count; i = unchecked(i + step)) items.Add(i);
        return new JinjaList(items);
    }
}
