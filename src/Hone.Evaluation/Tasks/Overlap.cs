namespace Hone.Evaluation;

/// <summary>Flags the items whose own question stands among their examples: the answer is then in the prompt.</summary>
internal static class Overlap
{
    private const string Flag = "fewshot_overlap";

    /// <param name="question">The question of each item, in their order.</param>
    /// <param name="examples">The questions of the examples before it.</param>
    public static EvalTask WithOverlapFlagged(this EvalTask task, Func<int, string> question, Func<int, IEnumerable<string>> examples)
    {
        HashSet<string> shown = [.. Enumerable.Range(0, task.Items.Count).Where(i => examples(i).Contains(question(i)))
            .Select(i => task.Items[i].Id)];
        if (shown.Count == 0) return task;
        return task with
        {
            Grade = async (items, cancel) =>
            {
                IReadOnlyList<ItemGrade> grades = await task.Grade(items, cancel).ConfigureAwait(false);
                return [.. grades.Select((g, i) => shown.Contains(items[i].Item.Id) ? g with { Flags = [.. g.Flags, Flag] } : g)];
            },
        };
    }
}
