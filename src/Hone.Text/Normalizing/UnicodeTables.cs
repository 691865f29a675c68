using System.Globalization;

namespace Hone.Text.Normalizing;

/// <summary>
/// Decompositions, compositions and combining classes. .NET leaves normalization to ICU and, in invariant mode, silently returns
/// the text as it is; so the tables come with Hone.
/// </summary>
internal sealed class UnicodeTables
{
    private static readonly Lazy<UnicodeTables> s_shared = new(() => new UnicodeTables());
    private readonly Dictionary<int, (int[] Parts, bool Compatibility)> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];

    private UnicodeTables()
    {
        using Stream stream = typeof(UnicodeTables).Assembly.GetManifestResourceStream("unicode-normalization.txt")!;
        using StreamReader reader = new(stream);
        while (reader.ReadLine() is string line)
        {
            if (line.StartsWith('#')) continue;
            int kind = line.IndexOfAny([':', '=', '~']);
            if (kind < 0) kind = line.IndexOf('-');
            if (line[kind] == ':') ReadClass(line, kind);
            else ReadDecomposition(line, kind);
        }
    }

    public static UnicodeTables Shared => s_shared.Value;

    public byte ClassOf(int codePoint) => _classes.GetValueOrDefault(codePoint);

    public bool TryDecompose(int codePoint, bool compatibility, out int[] parts)
    {
        bool found = _decompositions.TryGetValue(codePoint, out (int[] Parts, bool Compatibility) entry)
            && (compatibility || !entry.Compatibility);
        parts = found ? entry.Parts : [];
        return found;
    }

    public bool TryCompose(int first, int second, out int composite) => _compositions.TryGetValue((first, second), out composite);

    private void ReadClass(string line, int colon)
    {
        string[] range = line[..colon].Split('-');
        byte value = byte.Parse(line.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        for (int c = Hex(range[0]); c <= Hex(range[^1]); c++) _classes[c] = value;
    }

    private void ReadDecomposition(string line, int kind)
    {
        int codePoint = Hex(line[..kind]);
        int[] parts = [.. line[(kind + 1)..].Split(' ').Select(Hex)];
        _decompositions[codePoint] = (parts, line[kind] == '~');
        if (line[kind] == '=') _compositions[(parts[0], parts[1])] = codePoint;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
