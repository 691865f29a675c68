using System.Security.Cryptography;
using System.Text;
using Hone.Data;
using Hone.Text;

namespace Hone.Runs;

/// <summary>Which answers an iteration's pairs took, by prompt: what was trained on, not what a rule would choose now.</summary>
internal sealed class PairMarks
{
    private readonly Dictionary<UInt128, (UInt128 Chosen, UInt128 Rejected)> _pairs = [];

    public static PairMarks Of(string path)
    {
        var marks = new PairMarks();
        LineIndex lines = LineIndex.Of(path);
        for (int i = 0; i < lines.Count; i++)
        {
            if (SampleReader.Parse(lines.Line(i), RowJson.Default.PairRow) is { } pair)
                marks._pairs[Key(pair.Prompt)] = (Key(pair.Chosen), Key(pair.Rejected));
        }
        return marks;
    }

    /// <summary>Of each answer: chosen, rejected, or empty. Of answers with one text the first is meant.</summary>
    public string[] Of(IReadOnlyList<ChatMessage> prompt, IReadOnlyList<string> answers)
    {
        string[] marks = [.. answers.Select(_ => "")];
        if (!_pairs.TryGetValue(Key(prompt), out (UInt128 Chosen, UInt128 Rejected) pair)) return marks;
        UInt128[] keys = [.. answers.Select(Key)];
        foreach ((UInt128 key, string mark) in new[] { (pair.Chosen, "chosen"), (pair.Rejected, "rejected") })
            if (Array.IndexOf(keys, key) is >= 0 and int at) marks[at] = mark;
        return marks;
    }

    private static UInt128 Key(IReadOnlyList<ChatMessage> prompt) => Key(string.Concat(prompt.Select(m => $"{m.Role}\0{m.Content}\0")));

    private static UInt128 Key(string text)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        return new UInt128(BitConverter.ToUInt64(hash, 0), BitConverter.ToUInt64(hash, 8));
    }
}
