namespace Hone.Text;

/// <summary>
/// A token and the part of the text it stands for, in UTF-16 units of the text as it was given, end excluded. A token that
/// holds only some bytes of a character spans the whole character; a space that the tokenizer added spans the character it was
/// put before. BOS and the like have the span 0 to 0.
/// </summary>
public readonly record struct TokenSpan(int Id, int Start, int End);
