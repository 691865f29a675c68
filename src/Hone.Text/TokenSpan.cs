namespace Hone.Text;

/// <summary>
/// A token and the part of the text it stands for, in UTF-16 units of the text as it was given, end excluded. A token that
/// holds only some bytes of a character spans the whole character; one that no text stands behind (BOS, an added space)
/// has an empty span.
/// </summary>
public readonly record struct TokenSpan(int Id, int Start, int End);
