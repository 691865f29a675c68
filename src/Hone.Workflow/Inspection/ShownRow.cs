using Hone.Data;
using Hone.Text;

namespace Hone.Workflow.Inspection;

/// <summary>A token as it is shown.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">The text that it adds; empty where it holds only the beginning of a character.</param>
/// <param name="Trained">Whether it is learnt.</param>
/// <param name="Special">Whether it is a control token.</param>
/// <param name="Cut">Whether the length rule takes it away.</param>
internal sealed record ShownToken(int Id, string Text, bool Trained, bool Special, bool Cut);

/// <summary>A sequence as it is shown; the tokens' texts together are the rendered text.</summary>
internal sealed record ShownSequence(string Title, IReadOnlyList<ShownToken> Tokens)
{
    public string Text => string.Concat(Tokens.Select(t => t.Text));

    public int Trained => Tokens.Skip(1).Count(t => t.Trained && !t.Cut);
}

/// <summary>A row as the first stage that uses it trains on it.</summary>
/// <param name="Number">Its number in the file, from 1.</param>
/// <param name="Fate"><c>kept</c>, or the reasons why it is dropped or changed.</param>
/// <param name="Sequences">What the model reads.</param>
internal sealed record ShownRow(int Number, string Fate, IReadOnlyList<ShownSequence> Sequences)
{
    internal static ShownRow Of(int number, RowTokens row, int[][][]? fit, DataReport fate, Tokenizer tokenizer) => new(
        number,
        fit is null ? $"dropped: {string.Join(", ", fate.Dropped.Keys)}"
            : fate.Changed.Count > 0 ? $"kept, changed: {string.Join(", ", fate.Changed.Keys)}" : "kept",
        [.. row.Sequences.Select((sequence, s) => new ShownSequence(sequence.Title, Tokens(sequence, fit?[s], tokenizer)))]);

    private static List<ShownToken> Tokens(TokenSequence sequence, int[][]? fit, Tokenizer tokenizer)
    {
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        List<ShownToken> tokens = [];
        for (int p = 0; p < sequence.Parts.Count; p++)
        {
            TokenPart part = sequence.Parts[p];
            bool[] survives = fit is null ? new bool[part.Ids.Length] : part.Survives(fit[p]);
            for (int i = 0; i < part.Ids.Length; i++)
                tokens.Add(new ShownToken(part.Ids[i], decoder.Push(part.Ids[i]), part.Trained[i] && tokens.Count > 0,
                    tokenizer.SpecialIds.Contains(part.Ids[i]), !survives[i]));
        }
        if (tokens.Count > 0 && decoder.Flush() is { Length: > 0 } rest) tokens[^1] = tokens[^1] with { Text = tokens[^1].Text + rest };
        return tokens;
    }
}
