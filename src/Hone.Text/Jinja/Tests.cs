namespace Hone.Text.Jinja;

/// <summary>Tests: <c>value is name</c>.</summary>
internal static class Tests
{
    public static bool Apply(string name, object? value, Arguments arguments) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "boolean" => value is bool,
        "true" => value is true,
        "false" => value is false,
        "integer" => value is long,
        "float" => value is double,
        "number" => PythonValue.IsNumber(value),
        "string" => value is string,
        "mapping" => value is JinjaDict,
        "sequence" => value is string or JinjaList or JinjaDict or Undefined,
        "iterable" => value is string or JinjaList or JinjaDict or Undefined,
        "callable" => value is Callable or LoopState,
        "odd" => Remainder(value, 2) == 1,
        "even" => Remainder(value, 2) == 0,
        "divisibleby" => Remainder(value, arguments.Integer(0, "num", 0)) == 0,
        "in" => PythonValue.Contains(arguments.Require(0, "seq"), value),
        "eq" or "equalto" or "==" => PythonValue.Equals(value, arguments.Require(0, "other")),
        "ne" or "!=" => !PythonValue.Equals(value, arguments.Require(0, "other")),
        "lt" or "lessthan" or "<" => PythonValue.Compare(value, arguments.Require(0, "other")) < 0,
        "le" or "<=" => PythonValue.Compare(value, arguments.Require(0, "other")) <= 0,
        "gt" or "greaterthan" or ">" => PythonValue.Compare(value, arguments.Require(0, "other")) > 0,
        "ge" or ">=" => PythonValue.Compare(value, arguments.Require(0, "other")) >= 0,
        "sameas" => Same(value, arguments.Require(0, "other")),
        "lower" => value is string lower && lower.Any(char.IsLower) && !lower.Any(char.IsUpper),
        "upper" => value is string upper && upper.Any(char.IsUpper) && !upper.Any(char.IsLower),
        "escaped" => false,
        _ => throw new JinjaException($"No test named '{name}'."),
    };

    private static bool Same(object? a, object? b) =>
        PythonValue.TypeName(a) == PythonValue.TypeName(b) && (a is null or bool or long or string ? PythonValue.Equals(a, b) : ReferenceEquals(a, b));

    private static long Remainder(object? value, long divisor)
    {
        if (value is Undefined missing) throw missing.Error();
        if (value is not (long or bool)) throw new JinjaException($"an integer is needed, not '{PythonValue.TypeName(value)}'");
        if (divisor == 0) throw new JinjaException("integer division or modulo by zero");
        long number = value is bool b ? (b ? 1 : 0) : (long)value;
        return divisor == -1 ? 0 : ((number % divisor) + divisor) % divisor;
    }
}
