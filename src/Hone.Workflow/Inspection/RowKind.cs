using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Inspection;

/// <summary>What a file's rows are trained on as.</summary>
internal enum RowKind
{
    /// <summary>Conversations or texts.</summary>
    Sft,

    /// <summary>Pairs of answers.</summary>
    Preferences,

    /// <summary>Prompts whose answers are sampled.</summary>
    Prompts,
}

/// <summary>Tells the kind of a file by its first usable row.</summary>
internal static class RowKinds
{
    /// <summary>
    /// The first kind that the first row's columns allow and that has a row to use: a file of <c>messages</c> is SFT data
    /// where the assistant speaks, and prompts where it never does.
    /// </summary>
    /// <exception cref="InputException">The file cannot be read, or its rows are of no known kind.</exception>
    public static RowKind Detect(Recipe recipe, string file)
    {
        RowKind[] kinds = [.. DataReader.Kinds(file, TrainingRows.Columns(recipe)).Select(Parse)];
        if (kinds.Length == 0)
            throw new InputException("the first row fits no known layout", file,
                "--kind names what it should be, and the message then says what is missing.");
        return kinds.Cast<RowKind?>().FirstOrDefault(kind => kinds.Length == 1 || HasRow(kind!.Value)) ?? kinds[0];

        bool HasRow(RowKind kind)
        {
            try
            {
                return RowSource.Read(kind, recipe, file, new DataReport(file), new DataReport(file)).Any();
            }
            catch (InputException)
            {
                return false; // read again for the first kind, it is told
            }
        }
    }

    /// <summary>The kind of a name as it is typed: <c>sft</c>, <c>preferences</c> or <c>prompts</c>.</summary>
    public static RowKind Parse(string name) => Enum.Parse<RowKind>(name, ignoreCase: true);
}
