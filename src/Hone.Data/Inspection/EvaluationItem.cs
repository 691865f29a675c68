namespace Hone.Data;

/// <summary>One item of an evaluation set: its texts, and where it stands.</summary>
/// <param name="File">The file as it was given or found.</param>
/// <param name="Where">File and line or number, for people.</param>
/// <param name="Fields">Its texts, such as question and answers, each compared on its own.</param>
public sealed record EvaluationItem(string File, string Where, IReadOnlyList<string> Fields);
