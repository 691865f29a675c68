using Hone.Data;
using Hone.Text;
using Hone.Workflow.Recipes;

namespace Hone.Workflow;

/// <summary>A sequence as it is trained on: tokens, and which of them are learnt.</summary>
/// <param name="Name">What it is of its row: <c>conversation</c>, <c>chosen</c>, <c>rejected</c> or <c>prompt</c>.</param>
public sealed record InspectedSequence(string Name, int[] Ids, bool[] Learnt);

/// <summary>One row as training sees it.</summary>
/// <param name="Fate">What becomes of it: <c>kept</c>, or why it is dropped or how it is changed.</param>
/// <param name="Overlap">The evaluation text that it shares words with; null for none or where none was looked for.</param>
public sealed record InspectedRow(int Number, IReadOnlyList<InspectedSequence> Sequences, string Fate, bool Duplicate, string? Overlap);

/// <summary>
/// Goes through files as training would, by the same readers, the same rendering and the same length rule, one row at a
/// time: nothing but counts is kept.
/// </summary>
public sealed class DataInspection(ModelText text, string kind, LengthRule rule, SftLoss loss, NgramOverlap overlap)
{
    private int _number;

    /// <summary>Tokens of a whole sequence before the length rule: of each answer with its prompt.</summary>
    public LengthHistogram Lengths { get; } = new();

    public DuplicateCounter Duplicates { get; } = new();

    /// <summary>What the length rule did.</summary>
    public DataReport Fitted { get; } = new("lengths");

    public int Overlapping { get; private set; }

    public long LearntTokens { get; private set; }

    /// <param name="report">Counts what reading drops.</param>
    public IEnumerable<InspectedRow> Rows(string file, DataReport report, IReadOnlyList<RowFilter> filters, Cleaning cleaning, DataReport cleaned) => kind switch
    {
        "sft" => cleaning.Apply(DataReader.ReadSft(file, report, filters), cleaned).Select(Sft),
        "preferences" => cleaning.Apply(DataReader.ReadPreferences(file, report, filters), cleaned).Select(Preference),
        _ => DataReader.ReadPrompts(file, report, filters).Select(Prompt),
    };

    /// <summary>The rule that a recipe's stage holds rows of this kind to.</summary>
    public static LengthRule RuleOf(Recipe recipe, string kind, int? bos) => kind switch
    {
        "sft" => new LengthRule(recipe.Sft.MaxLength, BosId: bos),
        "preferences" => new LengthRule(recipe.Reward.MaxLength, BosId: bos),
        _ => new LengthRule(recipe.Online.MaxLength, recipe.Online.MaxPromptLength, BosId: bos),
    };

    private InspectedRow Sft(SftRow row)
    {
        SftExample example = row is TextRow story ? text.Story(story) : text.Examples.Sft((Conversation)row, loss);
        string words = row is TextRow t ? t.Text : Words(((Conversation)row).Messages);
        return Row(words, [new InspectedSequence("conversation", example.Ids, example.LossMask)], () => rule.Apply(example, Fitted) is not null);
    }

    private InspectedRow Preference(Preference row)
    {
        PreferenceExample example = text.Examples.Preference(row);
        InspectedSequence Sequence(string name, int[] answer) => new(name, [.. example.Prompt, .. answer], [.. example.Prompt.Select(_ => false), .. answer.Select(_ => true)]);
        return Row($"{Words(row.Prompt)}\n{row.Chosen}\n{row.Rejected}", [Sequence("chosen", example.Chosen), Sequence("rejected", example.Rejected)], () => rule.Apply(example, Fitted) is not null);
    }

    private InspectedRow Prompt(PromptRow row)
    {
        int[] ids = text.Examples.Prompt(row.Messages);
        return Row(Words(row.Messages), [new InspectedSequence("prompt", ids, new bool[ids.Length])], () => rule.ApplyToPrompt(ids, Fitted) is not null);
    }

    private InspectedRow Row(string words, IReadOnlyList<InspectedSequence> sequences, Func<bool> fits)
    {
        foreach (InspectedSequence sequence in sequences)
        {
            Lengths.Add(sequence.Ids.Length);
            LearntTokens += sequence.Learnt.Count(l => l);
        }
        Dictionary<string, int> dropped = new(Fitted.Dropped), changed = new(Fitted.Changed);
        string fate = fits()
            ? string.Join(", ", Fitted.Changed.Where(c => c.Value > changed.GetValueOrDefault(c.Key)).Select(c => c.Key)) is { Length: > 0 } how ? $"changed: {how}" : "kept"
            : $"dropped: {Fitted.Dropped.First(d => d.Value > dropped.GetValueOrDefault(d.Key)).Key}";
        string? found = overlap.Find(words);
        if (found is not null) Overlapping++;
        return new InspectedRow(++_number, sequences, fate, Duplicates.Add(words), found);
    }

    private static string Words(IEnumerable<ChatMessage> messages) => string.Join('\n', messages.Select(m => m.Content));
}
