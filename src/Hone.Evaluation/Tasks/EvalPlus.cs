namespace Hone.Evaluation;

/// <summary>
/// How EvalPlus (Liu et al. 2023, arXiv 2305.01210) asks an instruct model for code: in a block, the first fence
/// written for it.
/// </summary>
/// <remarks>
/// Of the answer the longest span of lines that parses is kept, and of it what the function under test reaches
/// (<see cref="CodeJob.Sanitize"/>).
/// </remarks>
internal static class EvalPlus
{
    public const int MaxTokens = 768;

    public const string Prefix =
        "Below is a Python script with a self-contained function that solves the problem and passes corresponding tests:\n```python\n";

    public static readonly string[] Stops = ["<|endoftext|>", "<|endofmask|>", "</s>", "\nif __name__", "\ndef main(", "\nprint(", "\n```"];

    public static string Question(string problem) =>
        $"Please provide a self-contained Python script that solves the following problem in a markdown code "
            + $"block:\n```\n{problem.Trim()}\n```\n";
}
