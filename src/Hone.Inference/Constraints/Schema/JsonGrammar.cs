using System.Globalization;

namespace Hone.Inference.Constraints;

/// <summary>
/// JSON (RFC 8259) as parts of one network. White space stands where it is usually written, at most a space, or a line break and an
/// indentation; numbers have at most 16 digits before the point and 16 behind it: so that no answer goes on without end in either.
/// </summary>
internal sealed class JsonGrammar
{
    private const int MostIndent = 20, MostDigits = 16;
    private static readonly CharSet s_escapeOnly = new((0, 0x1F), ('"', '"'), ('\\', '\\'));
    private static readonly Part s_oneToNine = Parts.Chars(new CharSet(('1', '9'))), s_digit = Parts.Chars(CharSet.Digits);

    public JsonGrammar(Network network)
    {
        Network = network;
        Space = Parts.Call(network.AddRule(Parts.Optional(Parts.Choice(Parts.Text(" "),
            Parts.Sequence(Parts.Text("\n"), Parts.Repeat(Parts.Chars(CharSet.Of(" \t")), 0, MostIndent))))));
        Character = Parts.Call(network.AddRule(AnyCharacter()));
        String = Parts.Call(network.AddRule(Quoted(Parts.Repeat(Character, 0, null))));
        Number = Parts.Call(network.AddRule(Signed(Parts.Sequence(Whole(),
            Parts.Optional(Parts.Sequence(Parts.Text("."), Parts.Repeat(s_digit, 1, MostDigits))),
            Parts.Optional(Parts.Sequence(
                Parts.Chars(CharSet.Of("eE")), Parts.Optional(Parts.Chars(CharSet.Of("+-"))), Parts.Repeat(s_digit, 1, 2)))))));
        int any = network.AddRule(recursive: true);
        Any = Parts.Call(any);
        AnyObject = Parts.Call(network.AddRule(Members([], Member(String, Any))));
        Part anyArray = Parts.Call(network.AddRule(Array(Any, 0, null)));
        network.Define(any, Parts.Choice(
            AnyObject, anyArray, String, Number, Parts.Text("true"), Parts.Text("false"), Parts.Text("null")));
    }

    public Network Network { get; }

    public Part Space { get; }

    /// <summary>One character inside a string, escaped or not.</summary>
    public Part Character { get; }

    public Part String { get; }

    public Part Number { get; }

    /// <summary>Any value.</summary>
    public Part Any { get; }

    public Part AnyObject { get; }

    public static Part Quoted(Part characters) => Parts.Sequence(Parts.Text("\""), characters, Parts.Text("\""));

    public Part Member(Part key, Part value) => Parts.Sequence(key, Parts.Text(":"), Space, value);

    /// <summary>An object of members in their order, then any number of others.</summary>
    /// <param name="members">Each a key and its value.</param>
    /// <param name="others">A member that may follow; null for none.</param>
    public Part Members(IReadOnlyList<(Part Member, bool IsRequired)> members, Part? others) => (network, from) =>
    {
        // Two rows of states: before any member, and behind one, where the next needs a comma.
        Part comma = Parts.Sequence(Parts.Text(","), Space);
        int none = Parts.Sequence(Parts.Text("{"), Space)(network, from), some = network.AddState();
        foreach ((Part member, bool isRequired) in members)
        {
            int after = network.AddState(), without = network.AddState();
            network.AddEmpty(member(network, none), after);
            network.AddEmpty(member(network, comma(network, some)), after);
            if (!isRequired)
            {
                network.AddEmpty(none, without);
                network.AddEmpty(some, after);
            }
            (none, some) = (without, after);
        }
        if (others is not null)
        {
            int loop = network.AddState();
            network.AddEmpty(some, loop);
            network.AddEmpty(others(network, none), loop);
            network.AddEmpty(others(network, comma(network, loop)), loop);
            some = loop;
        }
        int end = network.AddState();
        network.AddEmpty(none, end);
        network.AddEmpty(some, end);
        return Parts.Sequence(Space, Parts.Text("}"))(network, end);
    };

    /// <summary>An array of so many items.</summary>
    public Part Array(Part item, int least, int? most)
    {
        Part next = Parts.Sequence(Parts.Text(","), Space, item);
        Part items = most == 0 ? Parts.Nothing : Parts.Sequence(item, Parts.Repeat(next, Math.Max(0, least - 1), most - 1));
        return Parts.Sequence(Parts.Text("["), Space, least == 0 ? Parts.Optional(items) : items, Space, Parts.Text("]"));
    }

    /// <summary>An array whose first items have parts of their own.</summary>
    public Part Tuple(IReadOnlyList<Part> items) => Parts.Sequence(Parts.Text("["), Space,
        Parts.Sequence([.. items.Select((item, i) => i == 0 ? item : Parts.Sequence(Parts.Text(","), Space, item))]),
        Space, Parts.Text("]"));

    /// <summary>One character of a set, as it stands in a string.</summary>
    public static Part Inside(CharSet set)
    {
        List<Part> ways = [Parts.Chars(set.Without(s_escapeOnly))];
        for (int character = 0; character < 0x20; character++)
            if (set.Has(character)) ways.Add(Parts.Text(Escaped((char)character)));
        foreach (char character in "\"\\")
            if (set.Has(character)) ways.Add(Parts.Text(Escaped(character)));
        return ways.Count == 1 ? ways[0] : Parts.Choice(ways);
    }

    /// <summary>A text as a string of JSON.</summary>
    public static string Quoted(string text) =>
        $"\"{string.Concat(text.Select(c => s_escapeOnly.Has(c) ? Escaped(c) : c.ToString()))}\"";

    private static string Escaped(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
    };

    private static Part AnyCharacter()
    {
        Part hex = Parts.Chars(CharSet.Hex), d = Parts.Chars(CharSet.Of("dD"));
        Part unit = Parts.Choice(
            Parts.Sequence(Parts.Chars(CharSet.Hex.Without(CharSet.Of("dD"))), hex, hex, hex),
            Parts.Sequence(d, Parts.Chars(new CharSet(('0', '7'))), hex, hex),
            Parts.Sequence(
                d, Parts.Chars(CharSet.Of("89abAB")), hex, hex, Parts.Text("\\u"), d, Parts.Chars(CharSet.Of("cdefCDEF")), hex, hex));
        return Parts.Choice(Parts.Chars(s_escapeOnly.Not()),
            Parts.Sequence(Parts.Text("\\"), Parts.Choice(Parts.Chars(CharSet.Of("\"\\/bfnrt")), Parts.Sequence(Parts.Text("u"), unit))));
    }

    private static Part Whole() =>
        Parts.Choice(Parts.Text("0"), Parts.Sequence(s_oneToNine, Parts.Repeat(s_digit, 0, MostDigits - 1)));

    private static Part Signed(Part number) => Parts.Sequence(Parts.Optional(Parts.Text("-")), number);
}
