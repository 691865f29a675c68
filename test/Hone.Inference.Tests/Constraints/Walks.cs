using System.Text;
using Hone.Inference.Constraints;

namespace Hone.Inference.Tests.Constraints;

/// <summary>Formats walked byte by byte.</summary>
internal static class Walks
{
    /// <summary>Where a text leads; null where it is no beginning of a text of the format.</summary>
    public static Automaton.State? Follow(Automaton automaton, ReadOnlySpan<byte> text)
    {
        automaton.Begin();
        Automaton.State at = automaton.Start;
        foreach (byte value in text)
        {
            if (automaton.Next(at, value) is not { } next) return null;
            at = next;
        }
        return at;
    }

    public static bool Accepts(OutputConstraint format, string text) =>
        Follow(new Automaton(format.Network), Encoding.UTF8.GetBytes(text)) is { IsAccepting: true };

    /// <summary>A random text of the format: bytes at random, drawn to the shortest ends when it gets long.</summary>
    public static string RandomText(OutputConstraint format, Random random, int usualLength = 60)
    {
        var automaton = new Automaton(format.Network);
        List<byte> text = [];
        Automaton.State at = automaton.Start;
        while (true)
        {
            automaton.Begin();
            (byte Value, Automaton.State State)[] ways = [.. Enumerable.Range(0, 256)
                .Select(b => ((byte)b, automaton.Next(at, (byte)b))).Where(w => w.Item2 is not null).Select(w => (w.Item1, w.Item2!))];
            if (at.IsAccepting && (ways.Length == 0 || text.Count > usualLength || random.Next(8) == 0))
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. text]);
            Assert.NotEmpty(ways); // from every state a text can end
            // Past the usual length what closes is preferred.
            (byte Value, Automaton.State State)[] closing =
                text.Count < usualLength ? [] : [.. ways.Where(w => "\"}]".Contains((char)w.Value))];
            if (closing.Length > 0 && random.Next(4) > 0) ways = closing;
            // Letters as often as all else together, so that names and words come up.
            (byte Value, Automaton.State State)[] plain = [.. ways.Where(w => w.Value is >= 0x20 and < 0x7F)];
            (byte Value, Automaton.State State)[] from = plain.Length > 0 && random.Next(3) > 0 ? plain : ways;
            (byte value, at) = from[random.Next(from.Length)];
            text.Add(value);
            Assert.InRange(text.Count, 0, 100_000);
        }
    }
}
