using Hone.Data;
using Hone.Inference;

namespace Hone.Workflow;

/// <summary>Training examples named so that their rows can be found in a file: by how their text begins.</summary>
internal static class SuspectRows
{
    private const int Shown = 3, Tokens = 60, Characters = 160;

    public static string Name<T>(IReadOnlyList<T> examples, ModelText text)
    {
        string[] texts = [.. examples.Take(Shown).Select(e => $"\"{Beginning(Ids(e), text)}\"")];
        string more = examples.Count > Shown ? $" and {examples.Count - Shown} more" : "";
        return $"see the row{(examples.Count > 1 ? "s" : "")} with the text {string.Join(", ", texts)}{more}";
    }

    private static int[] Ids<T>(T example) => example switch
    {
        SftExample sft => sft.Ids,
        PromptExample prompt => [.. prompt.Prompt, .. prompt.Answers.FirstOrDefault() ?? []],
        _ => [],
    };

    private static string Beginning(int[] ids, ModelText text)
    {
        string line = string.Join(' ', text.Decode(ids.AsSpan(0, Math.Min(ids.Length, Tokens)))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > Characters ? $"{line[..Characters]}..." : line;
    }
}
