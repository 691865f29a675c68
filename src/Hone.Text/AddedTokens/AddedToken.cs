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
    int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special);
