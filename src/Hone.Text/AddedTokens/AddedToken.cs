using System.Text;
using Hone.Text.Bpe;

namespace Hone.Text.AddedTokens;

/// <summary>A token that is found in the text before anything else happens to it. Flags as in tokenizer.json.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">The text that it matches.</param>
/// <param name="SingleWord">Matches only where no word character touches it.</param>
/// <param name="StripsLeft">Takes the white space before it along (lstrip).</param>
/// <param name="StripsRight">Takes the white space after it along (rstrip).</param>
/// <param name="Normalized">Is looked for in the normalized text, itself normalized.</param>
/// <param name="Special">A control token.</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special)
{
    /// <summary>Puts the token into the vocabulary, which may have it already under the same id.</summary>
    public void AddTo(TokenTable spelled, string path)
    {
        byte[] content = Encoding.UTF8.GetBytes(Content);
        if (spelled.TryGet(content, out int known) && known == Id) return;
        if (!spelled.TryAdd(content, Id))
        {
            throw new InputException($"the added token '{Content}' has the id {Id}, which contradicts the vocabulary", path);
        }
    }
}
