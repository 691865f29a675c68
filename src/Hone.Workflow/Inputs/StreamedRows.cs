using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>Reads a file's rows: recipe, path, counts of reading, counts of cleaning.</summary>
internal delegate IEnumerable<T> RowReader<T>(Recipe recipe, string file, DataReport read, DataReport cleaned);

/// <summary>
/// The rows that a recipe takes from its files, read twice: once for a key of each row's prompt, which is enough to deal the
/// rows out, and once for the rows that are used. The texts of all rows are never in memory together.
/// </summary>
/// <param name="paths">Files, folders and patterns; each is an entry with a weight of its own.</param>
/// <param name="weights">Empty takes each entry once.</param>
/// <param name="key">The list's key in the recipe's data section.</param>
internal sealed class StreamedRows<T>(
    Recipe recipe, IReadOnlyList<string> paths, IReadOnlyList<double> weights, string key, RowReader<T> read,
    Func<T, IReadOnlyList<ChatMessage>> prompt)
{
    // Of each row of the mixture: its entry, its place in the entry, and its prompt's key.
    private readonly List<(int Entry, int Row)> _places = [];
    private readonly List<UInt128> _keys = [];

    /// <summary>
    /// The keys of all rows' prompts, in the order of the mixture, after the first reading. What was left out is counted in
    /// the report.
    /// </summary>
    /// <exception cref="InputException">There is no entry, or a file cannot be read.</exception>
    public IReadOnlyList<UInt128> Index(List<string> report)
    {
        if (paths.Count == 0) FileInputs.Expand(paths, key);
        for (int entry = 0; entry < paths.Count; entry++)
        {
            UInt128[] keys = [.. Entry(entry, report).Select(row => PromptKey.HashOf(prompt(row)))];
            IReadOnlyList<int> rows = [.. Enumerable.Range(0, keys.Length)];
            if (weights.Count > 0)
            {
                rows = Mixture.Weigh(rows, weights[entry], Seeds.Derive((ulong)recipe.Seed, $"weight {key} {entry}"));
                report.Add($"{paths[entry]}: {rows.Count} of {keys.Length} rows by weight {OptionValue.Format(weights[entry])}");
            }
            foreach (int row in rows)
            {
                _places.Add((entry, row));
                _keys.Add(keys[row]);
            }
        }
        return _keys;
    }

    /// <summary>After <see cref="Index"/>: the rows of some numbers, with their numbers, in the order of the files.</summary>
    /// <exception cref="InputException">A file is no longer what it was at the first reading.</exception>
    public IEnumerable<(int Number, T Row)> Read(IEnumerable<int> numbers)
    {
        foreach (IGrouping<int, int> entry in numbers.GroupBy(n => _places[n].Entry).OrderBy(g => g.Key))
        {
            int[] wanted = [.. entry.OrderBy(n => _places[n].Row).ThenBy(n => n)];
            int next = 0, at = 0;
            foreach (T row in Entry(entry.Key, report: null))
            {
                for (; next < wanted.Length && _places[wanted[next]].Row == at; next++)
                {
                    if (PromptKey.HashOf(prompt(row)) != _keys[wanted[next]]) throw Changed(entry.Key);
                    yield return (wanted[next], row);
                }
                if (next == wanted.Length) break;
                at++;
            }
            if (next < wanted.Length) throw Changed(entry.Key);
        }
    }

    /// <summary>All rows of the mixture; read twice only where there are weights.</summary>
    public IEnumerable<T> All(List<string> report)
    {
        if (paths.Count == 0) FileInputs.Expand(paths, key);
        if (weights.Count == 0) return Enumerable.Range(0, paths.Count).SelectMany(entry => Entry(entry, report));
        return Read(Enumerable.Range(0, Index(report).Count)).OrderBy(r => r.Number).Select(r => r.Row);
    }

    private IEnumerable<T> Entry(int entry, List<string>? report)
    {
        foreach (string file in FileInputs.Expand([paths[entry]], key))
        {
            DataReport counts = new(file), cleaned = new($"{file}, cleaned");
            foreach (T row in read(recipe, file, counts, cleaned)) yield return row;
            report?.Add(counts.ToString());
            if (cleaned.DroppedCount > 0) report?.Add(cleaned.ToString());
        }
    }

    private InputException Changed(int entry) =>
        new("the data changed while it was read", paths[entry], "Start again once it is complete.");
}
