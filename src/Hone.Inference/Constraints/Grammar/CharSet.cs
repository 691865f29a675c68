namespace Hone.Inference.Constraints;

/// <summary>A set of characters as ranges of code points, rising and apart.</summary>
internal sealed class CharSet
{
    private const int Last = 0x10FFFF;
    private readonly (int Least, int Most)[] _ranges;

    public CharSet(params IEnumerable<(int Least, int Most)> ranges)
    {
        List<(int Least, int Most)> joined = [];
        foreach ((int Least, int Most) range in ranges.Order())
        {
            if (joined.Count > 0 && range.Least <= joined[^1].Most + 1)
                joined[^1] = (joined[^1].Least, Math.Max(joined[^1].Most, range.Most));
            else joined.Add(range);
        }
        _ranges = [.. joined];
    }

    public static CharSet All { get; } = new((0, Last));

    public static CharSet Digits { get; } = new(('0', '9'));

    public static CharSet Hex { get; } = new(('0', '9'), ('a', 'f'), ('A', 'F'));

    public IReadOnlyList<(int Least, int Most)> Ranges => _ranges;

    public static CharSet Of(string characters) => new(characters.EnumerateRunes().Select(r => (r.Value, r.Value)));

    public CharSet Or(CharSet other) => new(_ranges.Concat(other._ranges));

    public CharSet Not()
    {
        List<(int, int)> rest = [];
        int next = 0;
        foreach ((int least, int most) in _ranges)
        {
            if (least > next) rest.Add((next, least - 1));
            next = most + 1;
        }
        if (next <= Last) rest.Add((next, Last));
        return new CharSet(rest);
    }

    public CharSet Without(CharSet other) => Not().Or(other).Not();

    public bool Has(int character) => Array.Exists(_ranges, r => r.Least <= character && character <= r.Most);

    /// <summary>Edges that read one of the characters in UTF-8; the halves of surrogate pairs are none.</summary>
    public void AddTo(Network network, int from, int to)
    {
        foreach ((int least, int most) in _ranges)
        {
            Add(network, from, to, least, Math.Min(most, 0x7F), 1);
            Add(network, from, to, Math.Max(least, 0x80), Math.Min(most, 0x7FF), 2);
            Add(network, from, to, Math.Max(least, 0x800), Math.Min(most, 0xD7FF), 3);
            Add(network, from, to, Math.Max(least, 0xE000), Math.Min(most, 0xFFFF), 3);
            Add(network, from, to, Math.Max(least, 0x10000), most, 4);
        }
    }

    /// <summary>Characters of one length in UTF-8.</summary>
    private static void Add(Network network, int from, int to, int least, int most, int length)
    {
        if (least > most) return;
        int lead = length switch { 1 => 0, 2 => 0xC0, 3 => 0xE0, _ => 0xF0 };
        AddTail(network, from, to, least, most, length, lead);
    }

    /// <summary>Ranges of numbers in base 64: the first digit's range where the others are free, else digit by digit.</summary>
    private static void AddTail(Network network, int from, int to, int least, int most, int digits, int mark)
    {
        if (digits == 1)
        {
            network.AddBytes(from, mark | least, mark | most, to);
            return;
        }
        int unit = 1 << (6 * (digits - 1));
        (int first, int last) = (least / unit, most / unit);
        if (first == last)
        {
            AddTail(network, Step(first, first), to, least % unit, most % unit, digits - 1, 0x80);
            return;
        }
        if (least % unit != 0)
        {
            AddTail(network, Step(first, first), to, least % unit, unit - 1, digits - 1, 0x80);
            first++;
        }
        if (most % unit != unit - 1)
        {
            AddTail(network, Step(last, last), to, 0, most % unit, digits - 1, 0x80);
            last--;
        }
        if (first <= last) AddTail(network, Step(first, last), to, 0, unit - 1, digits - 1, 0x80);

        int Step(int low, int high)
        {
            int middle = network.AddState();
            network.AddBytes(from, mark | low, mark | high, middle);
            return middle;
        }
    }
}
