using Hone.Data;
using Hone.Workflow.Recipes;

namespace Hone.Workflow.Inspection;

/// <summary>What a file's rows are trained on as.</summary>
public enum RowKind
{
    /// <summary>Conversations or texts.</summary>
    Sft,

    /// <summary>Pairs of answers.</summary>
    Preferences,

    /// <summary>Prompts whose answers are sampled.</summary>
    Prompts,
}

/// <summary>Tells the kind of a file by its first usable row.</summary>
public static class RowKinds
{
    /// <summary>The first kind that the file's layout is: preferences, then SFT, then prompts.</summary>
    /// <exception cref="InputException">The file cannot be read, or its rows are of no known kind.</exception>
    public static RowKind Detect(Recipe recipe, string file)
    {
        InputException? first = null;
        List<string> faults = [];
        foreach (RowKind kind in (RowKind[])[RowKind.Preferences, RowKind.Sft, RowKind.Prompts])
        {
            try
            {
                if (RowSource.Read(kind, recipe, file, new DataReport(file), new DataReport(file)).Any()) return kind;
            }
            catch (InputException e)
            {
                first ??= e;
                if (!faults.Contains(e.Message)) faults.Add(e.Message);
            }
        }
        // A fault of the file itself is the same whatever its rows are taken for.
        throw faults.Count == 1 ? first! : new InputException($"the rows are of no known kind:\n{string.Join('\n', faults)}", file, "--kind says which is meant.");
    }
}
