using System.Text;

namespace Hone.Inference.Constraints;

/// <summary>A part of a grammar: adds its states and edges behind a state and returns the state where it ends.</summary>
internal delegate int Part(Network network, int from);

/// <summary>Parts, and parts made of parts.</summary>
internal static class Parts
{
    public static Part Nothing { get; } = (_, from) => from;

    /// <summary>No text at all, not even the empty one.</summary>
    public static Part Never { get; } = (network, _) => network.AddState();

    public static Part Text(string text) => (network, from) =>
    {
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            int to = network.AddState();
            network.AddBytes(from, value, value, to);
            from = to;
        }
        return from;
    };

    public static Part Chars(CharSet set) => (network, from) =>
    {
        int to = network.AddState();
        set.AddTo(network, from, to);
        return to;
    };

    public static Part Call(int rule) => (network, from) => network.AddCall(from, rule);

    public static Part Sequence(params IReadOnlyList<Part> parts) =>
        (network, from) => parts.Aggregate(from, (at, part) => part(network, at));

    public static Part Choice(params IReadOnlyList<Part> parts) => (network, from) =>
    {
        int to = network.AddState();
        foreach (Part part in parts)
        {
            // A state of its own: a part may lead back to where it begins.
            int begin = network.AddState();
            network.AddEmpty(from, begin);
            network.AddEmpty(part(network, begin), to);
        }
        return to;
    };

    public static Part Optional(Part part) => Choice(Nothing, part);

    /// <summary>A part so many times. More than one copy is a call of one rule, so that counts cost a state each.</summary>
    /// <param name="most">Null for any number.</param>
    public static Part Repeat(Part part, int least, int? most) => (network, from) =>
    {
        if (least + (most is null ? 1 : 0) > 1 || most > 1) part = Call(network.AddRule(part));
        for (int i = 0; i < least; i++) from = part(network, from);
        int to = network.AddState();
        if (most is null)
        {
            network.AddEmpty(from, to);
            network.AddEmpty(part(network, to), to);
            return to;
        }
        for (int i = least; i < most; i++)
        {
            network.AddEmpty(from, to);
            from = part(network, from);
        }
        network.AddEmpty(from, to);
        return to;
    };
}
