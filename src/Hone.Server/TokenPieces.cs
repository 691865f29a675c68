using Hone.Text;

namespace Hone.Server;

/// <summary>Tokens as texts, and where in the whole text each begins, in characters.</summary>
/// <remarks>A character that is spread over several tokens belongs to the last of them; the others show it as U+FFFD.</remarks>
internal static class TokenPieces
{
    public static (string[] Texts, int[] Offsets) Of(Tokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        string[] texts = new string[ids.Length];
        int[] offsets = new int[ids.Length];
        int length = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            string piece = decoder.Push(ids[i]);
            texts[i] = piece.Length > 0 ? piece : tokenizer.Decode([ids[i]]);
            offsets[i] = length;
            length += piece.Length;
        }
        return (texts, offsets);
    }

    /// <summary>
    /// A token's text as it stands in a text: many vocabularies have the space before a word in its token, and drop it where
    /// the text begins.
    /// </summary>
    public static string Of(Tokenizer tokenizer, int id, bool first)
    {
        StreamDecoder decoder = tokenizer.StartDecoding(skipSpecial: false);
        decoder.Push(id);
        string piece = first ? "" : decoder.Push(id);
        return piece.Length > 0 ? piece : tokenizer.Decode([id]);
    }
}
