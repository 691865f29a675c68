namespace Hone.Text.Jinja;

/// <summary>Python's sequence[start:stop:step].</summary>
internal static class Slicing
{
    public static List<object?> Take(IReadOnlyList<object?> items, object? start, object? stop, object? step)
    {
        long count = items.Count;
        long by = Bound(step) ?? 1;
        if (by == 0) throw new JinjaException("slice step cannot be zero");
        long from = by > 0 ? Clamp(Bound(start) ?? 0, 0, count)
            : Clamp(Bound(start) ?? count - 1, -1, count - 1, isStartOpen: start is null);
        long to = by > 0 ? Clamp(Bound(stop) ?? count, 0, count) : stop is null ? -1 : Clamp(Bound(stop)!.Value, -1, count - 1);
        List<object?> taken = [];
        for (long i = from; by > 0 ? i < to : i > to; i += by) taken.Add(items[(int)i]);
        return taken;

        long Clamp(long value, long low, long high, bool isStartOpen = false)
        {
            if (value < 0 && !isStartOpen) value += count;
            return Math.Clamp(value, low, Math.Max(low, high));
        }
    }

    private static long? Bound(object? value) => value switch
    {
        null => null,
        long number => Math.Clamp(number, int.MinValue, int.MaxValue),
        bool flag => flag ? 1 : 0,
        System.Numerics.BigInteger large => large.Sign * int.MaxValue,
        Undefined missing => throw missing.Error(),
        _ => throw new JinjaException("slice indices must be integers or None"),
    };
}
