using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow.Inspection;

/// <summary>A row of a file before it is tokenised.</summary>
/// <param name="Number">Its number in the file, from 1; rows dropped while reading count.</param>
/// <param name="Fields">Its texts, for comparisons.</param>
/// <param name="Tokenise">Its tokens, by the code that training uses. Throws where the chat template refuses the row.</param>
internal sealed record RowSource(int Number, IReadOnlyList<string> Fields, Func<ModelText, RowTokens> Tokenise)
{
    /// <summary>The rows of a file as training reads them, with what was left out counted.</summary>
    public static IEnumerable<RowSource> Read(RowKind kind, Recipe recipe, string file, DataReport read, DataReport cleaned) => kind switch
    {
        RowKind.Sft => TrainingRows.ReadSft(recipe, file, read, cleaned)
            .Select(row =>
                new RowSource(read.Read, Texts(row), text => RowTokens.Of(TrainingRows.Sft(row, text, recipe.Sft.LossOn, read)))),
        RowKind.Preferences => TrainingRows.ReadPreferences(recipe, file, read, cleaned)
            .Select(row => new RowSource(read.Read, [.. Texts(row.Prompt), row.Chosen, row.Rejected],
                text => RowTokens.Of(text.Examples.Preference(row, $"{file}, row {read.Read}")))),
        _ => TrainingRows.ReadPrompts(recipe, file, read, cleaned)
            .Select(row => new RowSource(read.Read, Texts(row.Messages), text => RowTokens.Of(text.Examples.Prompt(row.Messages)))),
    };

    private static string[] Texts(SftRow row) => row is TextRow story ? [story.Text] : Texts(((Conversation)row).Messages);

    private static string[] Texts(IReadOnlyList<ChatMessage> messages) => [.. messages.Select(m => m.Content)];
}
