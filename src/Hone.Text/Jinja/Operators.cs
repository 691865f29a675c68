namespace Hone.Text.Jinja;

/// <summary>Arithmetic and its overloads for text and lists.</summary>
internal static class Operators
{
    public static object? Apply(string op, object? left, object? right, Budget budget)
    {
        if ((left as Undefined ?? right as Undefined) is { } missing) throw missing.Error();
        if (op == "+" && left is string a && right is string b)
        {
            budget.Characters((long)a.Length + b.Length);
            return a + b;
        }
        if (op == "+" && left is JinjaList x && right is JinjaList y && x.IsTuple == y.IsTuple)
        {
            budget.Step((long)x.Items.Count + y.Items.Count);
            return new JinjaList([.. x.Items, .. y.Items], x.IsTuple);
        }
        if (op == "%" && left is string format) return PercentFormat.Apply(format, right, budget);
        if (op == "*" && Repeat(left, right, budget) is { } repeated) return repeated;
        if (!PythonValue.IsNumber(left) || !PythonValue.IsNumber(right))
        {
            throw new JinjaException(
                $"unsupported operand type(s) for {op}: '{PythonValue.TypeName(left)}' and '{PythonValue.TypeName(right)}'");
        }
        if (left is double || right is double || op == "/") return Floats(op, PythonValue.ToDouble(left), PythonValue.ToDouble(right));
        return left is long m && right is long n && Small(op, m, n) is { } small
            ? small
            : PythonInteger.Apply(op, PythonInteger.Wide(left), PythonInteger.Wide(right), budget);
    }

    public static object? Negate(object? value) => PythonValue.IsInteger(value)
        ? PythonInteger.Of(-PythonInteger.Wide(value))
        : (object)-PythonValue.ToDouble(value);

    // The usual case, without the cost of numbers of any size.
    private static object? Small(string op, long a, long b) => op switch
    {
        "+" when (Int128)a + b is var sum && sum == (long)sum => (long)sum,
        "-" when (Int128)a - b is var difference && difference == (long)difference => (long)difference,
        _ => null,
    };

    private static object? Repeat(object? left, object? right, Budget budget)
    {
        object? sequence = left is string or JinjaList ? left : right;
        object? factor = ReferenceEquals(sequence, left) ? right : left;
        if (sequence is not (string or JinjaList) || factor is not (long or bool)) return null;
        long count = factor is bool flag ? (flag ? 1 : 0) : Math.Max(0, (long)factor);
        if (sequence is string text)
        {
            budget.Characters(Times(text.Length, count));
            return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)count));
        }
        JinjaList list = (JinjaList)sequence;
        budget.Step(Times(list.Items.Count, count));
        return new JinjaList(list.Items.Count == 0 ? [] : [.. Enumerable.Repeat(list.Items, (int)count).SelectMany(i => i)], list.IsTuple);
    }

    private static long Times(long length, long count) =>
        length == 0 ? 0 : count > long.MaxValue / 4 / length ? long.MaxValue / 4 : length * count;

    private static double Floats(string op, double a, double b)
    {
        if (b == 0 && op is "/" or "//" or "%" && b == 0) throw new JinjaException("division by zero");
        return op switch
        {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            "//" => Math.Floor(a / b),
            "%" => a - (b * Math.Floor(a / b)),
            _ => Math.Pow(a, b),
        };
    }
}
