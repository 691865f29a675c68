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
        try
        {
            return Integers(op, ToLong(left), ToLong(right));
        }
        catch (OverflowException)
        {
            throw new JinjaException("the integer result is too large");
        }
    }

    public static object? Negate(object? value) => value switch
    {
        long n => n == long.MinValue ? throw new JinjaException("the integer result is too large") : -n,
        bool b => b ? -1L : 0L,
        _ => (object)-PythonValue.ToDouble(value),
    };

    private static object? Repeat(object? left, object? right, Budget budget)
    {
        object? sequence = left is string or JinjaList ? left : right;
        object? factor = ReferenceEquals(sequence, left) ? right : left;
        if (sequence is not (string or JinjaList) || factor is not (long or bool)) return null;
        long count = Math.Max(0, ToLong(factor));
        if (sequence is string text)
        {
            budget.Characters(Times(text.Length, count));
            return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)count));
        }
        JinjaList list = (JinjaList)sequence;
        budget.Step(Times(list.Items.Count, count));
        return new JinjaList(list.Items.Count == 0 ? [] : [.. Enumerable.Repeat(list.Items, (int)count).SelectMany(i => i)], list.IsTuple);
    }

    private static long Times(long length, long count) => length == 0 ? 0 : count > long.MaxValue / 4 / length ? long.MaxValue / 4 : length * count;

    private static object Integers(string op, long a, long b)
    {
        switch (op)
        {
            case "+": return checked(a + b);
            case "-": return checked(a - b);
            case "*": return checked(a * b);
            case "//":
                if (b == 0) throw new JinjaException("integer division or modulo by zero");
                long quotient = checked(a / b);
                return (a % b != 0) && ((a < 0) != (b < 0)) ? quotient - 1 : quotient;
            case "%":
                if (b == 0) throw new JinjaException("integer division or modulo by zero");
                if (b == -1) return 0L;
                long rest = a % b;
                return rest != 0 && ((rest < 0) != (b < 0)) ? rest + b : rest;
            default:
                return b < 0 ? Math.Pow(a, b) : (object)Power(a, b);
        }
    }

    private static long Power(long a, long b)
    {
        if (a is 0 or 1) return b == 0 ? 1L : a;
        if (a == -1) return b % 2 == 0 ? 1L : -1L;
        long result = 1;
        for (long i = 0; i < b; i++) result = checked(result * a);
        return result;
    }

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

    private static long ToLong(object? value) => value is bool b ? (b ? 1 : 0) : (long)value!;
}
