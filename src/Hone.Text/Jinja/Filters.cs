namespace Hone.Text.Jinja;

/// <summary>Filters: <c>value | name(arguments)</c>. Those of text and of sequences live in files of their own.</summary>
internal static class Filters
{
    public static object? Apply(string name, object? value, Arguments arguments, Budget budget)
    {
        switch (name)
        {
            case "default" or "d":
                bool missing = value is Undefined || (arguments.Flag(1, "boolean", false) && !PythonValue.IsTrue(value));
                return missing ? arguments.Get(0, "default_value", "") : value;
            case "length" or "count":
                return PythonValue.Length(value);
            case "tojson":
                return JsonText.Write(value, arguments, budget);
            case "string":
                return PythonText.Str(value, budget);
            case "safe":
                return value is string ? value : PythonText.Str(value, budget);
            case "abs":
                return PythonValue.IsInteger(value)
                    ? PythonInteger.Of(System.Numerics.BigInteger.Abs(PythonInteger.Wide(value)))
                    : (object)Math.Abs(PythonValue.ToDouble(value));
            case "int":
                if (value is Undefined unknown) throw unknown.Error();
                if (value is string digits) budget.Step((long)digits.Length * Math.Min(digits.Length, 4300) / 4096);
                return Conversions.ToInteger(value, arguments);
            case "float":
                if (value is Undefined notGiven) throw notGiven.Error();
                return Conversions.ToFloat(value, arguments.Get(0, "default", 0.0));
            case "round":
                return Conversions.Round(value, arguments);
            case "attr":
                return Attributes.Get(value, arguments.Text(0, "name", ""), budget);
        }
        if (SequenceFilters.TryApply(name, value, arguments, budget, out object? result)) return result;
        if (TextFilters.TryApply(name, value, arguments, budget, out result)) return result;
        throw new JinjaException($"No filter named '{name}'.");
    }
}
