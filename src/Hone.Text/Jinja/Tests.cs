namespace Hone.Text.Jinja;

/// <summary>Tests: <c>value is name</c>.</summary>
internal static class Tests
{
    public static bool Apply(string name, object? value, Arguments arguments, Budget budget) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "integer" => value is long or System.Numerics.BigInteger,
        "float" => value is double,
        "number" => PythonValue.IsNumber(value),
        "string" => value is string,
        "mapping" => value is JinjaDict,
        "sequence" => value is string or JinjaList or JinjaDict or Undefined,
        "iterable" => value is string or JinjaList or JinjaDict or Undefined,
        "callable" => value is Callable or LoopState,
        "odd" => !Divides(value, 2L, budget),
        "even" => Divides(value, 2L, budget),
        "divisibleby" => Divides(value, arguments.Require(0, "num"), budget),
        "in" => PythonValue.Contains(arguments.Require(0, "seq"), value, budget),
        "eq" or "equalto" or "==" => PythonValue.Equals(value, arguments.Require(0, "other"), budget),
        "ne" or "!=" => !PythonValue.Equals(value, arguments.Require(0, "other"), budget),
        "lt" or "lessthan" or "<" => PythonValue.Compare(value, arguments.Require(0, "other"), budget) < 0,
        "le" or "<=" => PythonValue.Compare(value, arguments.Require(0, "other"), budget) <= 0,
        "gt" or "greaterthan" or ">" => PythonValue.Compare(value, arguments.Require(0, "other"), budget) > 0,
        "ge" or ">=" => PythonValue.Compare(value, arguments.Require(0, "other"), budget) >= 0,
        "sameas" => Same(value, arguments.Require(0, "other"), budget),
        "lower" => value is string lower && lower.Any(char.IsLower) && !lower.Any(char.IsUpper),
        "upper" => value is string upper && upper.Any(char.IsUpper) && !upper.Any(char.IsLower),
        "escaped" => false,
        _ => throw new JinjaException($"No test named '{name}'."),
    };

    private static bool Same(object? a, object? b, Budget budget) => PythonValue.TypeName(a) == PythonValue.TypeName(b)
        && (a is null or string || PythonValue.IsInteger(a) ? PythonValue.Equals(a, b, budget) : ReferenceEquals(a, b));

    private static bool Divides(object? value, object? divisor, Budget budget)
    {
        if (value is Undefined missing) throw missing.Error();
        return PythonInteger.Apply("%", PythonInteger.Wide(value), PythonInteger.Wide(divisor), budget) is 0L;
    }
}
