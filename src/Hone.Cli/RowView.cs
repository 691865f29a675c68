using System.Text;
using Hone.Text;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary>
/// Prints a row's tokens: what is learnt in green, the rest dim, every other token underlined so that borders are seen.
/// Where there are no colours, what is learnt stands between [[ and ]].
/// </summary>
internal sealed class RowView(Streams io, Tokenizer tokenizer)
{
    private const string Learnt = "\u001b[32m", Context = "\u001b[2m", Underline = "\u001b[4m", Off = "\u001b[0m";
    private readonly bool _colours = ReferenceEquals(io.Out, Console.Out) && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;

    public void Show(InspectedRow row)
    {
        io.Out.WriteLine($"row {row.Number}: {row.Fate}{(row.Duplicate ? ", a duplicate" : "")}{(row.Overlap is null ? "" : $", overlaps with {row.Overlap}")}");
        foreach (InspectedSequence sequence in row.Sequences)
        {
            io.Out.WriteLine($"{sequence.Name}: {sequence.Ids.Length} tokens, {sequence.Learnt.Count(l => l)} learnt");
            io.Out.WriteLine(_colours ? Coloured(sequence) : Plain(sequence));
            io.Out.WriteLine($"ids: {string.Join(' ', sequence.Ids.Take(40))}{(sequence.Ids.Length > 40 ? $" ... ({sequence.Ids.Length - 40} more)" : "")}");
        }
        io.Out.WriteLine();
    }

    private string Coloured(InspectedSequence sequence)
    {
        var text = new StringBuilder();
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        for (int i = 0; i < sequence.Ids.Length; i++)
            text.Append(sequence.Learnt[i] ? Learnt : Context).Append(i % 2 == 1 ? Underline : "").Append(Seen(decoder.Push(sequence.Ids[i]))).Append(Off);
        return text.Append(Seen(decoder.Flush())).ToString();
    }

    private string Plain(InspectedSequence sequence)
    {
        var text = new StringBuilder();
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        for (int i = 0; i < sequence.Ids.Length; i++)
        {
            bool before = i > 0 && sequence.Learnt[i - 1];
            if (sequence.Learnt[i] != before) text.Append(sequence.Learnt[i] ? "[[" : "]]");
            text.Append(Seen(decoder.Push(sequence.Ids[i])));
        }
        return text.Append(Seen(decoder.Flush())).Append(sequence.Learnt is [.., true] ? "]]" : "").ToString();
    }

    // A data file must not be able to steer the terminal.
    private static string Seen(string text) => text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))
        ? string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? $"\\x{(int)c:x2}" : c.ToString()))
        : text;
}
