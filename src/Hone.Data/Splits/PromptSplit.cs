using Hone.Text;

namespace Hone.Data;

/// <summary>Makes and checks disjoint sets of prompts.</summary>
public static class PromptSplit
{
    /// <summary>
    /// Shuffles the distinct prompts with the seed and deals them out: each part in turn takes prompts, with all their
    /// rows, until it has at least <c>Rows</c> rows. With one row per prompt that is the exact number.
    /// </summary>
    /// <param name="rows">All rows.</param>
    /// <param name="prompt">The prompt of a row.</param>
    /// <param name="seed">Seed of the shuffle.</param>
    /// <param name="parts">Names and sizes: held-out sets, then one part per iteration.</param>
    /// <exception cref="InputException">There are fewer rows than the parts ask for.</exception>
    public static PromptSplit<T> Deal<T>(
        IReadOnlyList<T> rows, Func<T, IReadOnlyList<ChatMessage>> prompt, ulong seed, params IReadOnlyList<(string Name, int Rows)> parts)
    {
        List<List<T>> groups = Group(rows, prompt);
        new Xoshiro256(seed).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(groups));

        Dictionary<string, IReadOnlyList<T>> dealt = [];
        int next = 0;
        foreach ((string name, int wanted) in parts)
        {
            List<T> part = [];
            while (part.Count < wanted && next < groups.Count) part.AddRange(groups[next++]);
            if (part.Count < wanted)
            {
                string asked = string.Join(" + ", parts.Select(p => $"{p.Name} {p.Rows}"));
                throw new InputException(
                    $"{rows.Count} rows with {groups.Count} distinct prompts do not reach for {asked}: `{name}` gets {part.Count}",
                    fix: "Give more prompts, or lower the numbers.");
            }
            dealt.Add(name, part);
        }
        return new PromptSplit<T>(dealt, [.. groups[next..].SelectMany(g => g)]);
    }

    /// <summary>The rows with each prompt once, first come; what was left out is counted as <c>duplicate_prompt</c>.</summary>
    public static IReadOnlyList<PromptRow> Distinct(IEnumerable<PromptRow> rows, DataReport report)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<PromptRow> distinct = [];
        foreach (PromptRow row in rows)
        {
            if (!seen.Add(PromptKey.Of(row.Messages)))
            {
                report.Drop(DropReason.DuplicatePrompt);
                continue;
            }
            report.Keep();
            distinct.Add(row);
        }
        return distinct;
    }

    /// <summary>Refuses sets, for example from files of their own, that have a prompt in common.</summary>
    /// <exception cref="InputException">Two sets overlap; with their names, how many prompts, and the first row.</exception>
    public static void RequireDisjoint(params IReadOnlyList<(string Name, IEnumerable<IReadOnlyList<ChatMessage>> Prompts)> sets)
    {
        Dictionary<string, int> owner = new(StringComparer.Ordinal);
        for (int s = 0; s < sets.Count; s++)
        {
            Dictionary<int, (int First, HashSet<string> Keys)> shared = [];
            int row = 0;
            foreach (IReadOnlyList<ChatMessage> prompt in sets[s].Prompts)
            {
                row++;
                string key = PromptKey.Of(prompt);
                if (owner.TryAdd(key, s) || owner[key] == s) continue;
                if (!shared.TryGetValue(owner[key], out (int First, HashSet<string> Keys) overlap))
                    shared[owner[key]] = overlap = (row, new HashSet<string>(StringComparer.Ordinal));
                overlap.Keys.Add(key);
            }
            if (shared.Count == 0) continue;
            (int other, (int first, HashSet<string> keys)) = shared.OrderBy(o => o.Key).Select(o => (o.Key, o.Value)).First();
            throw new InputException(
                $"`{sets[other].Name}` and `{sets[s].Name}` have {keys.Count} {(keys.Count == 1 ? "prompt" : "prompts")} in common",
                $"{sets[s].Name}, row {first}",
                "Prompts that are evaluated or selected on must not be trained on: take them out of one set.");
        }
    }

    private static List<List<T>> Group<T>(IReadOnlyList<T> rows, Func<T, IReadOnlyList<ChatMessage>> prompt)
    {
        Dictionary<string, List<T>> byPrompt = new(StringComparer.Ordinal);
        List<List<T>> groups = [];
        foreach (T row in rows)
        {
            string key = PromptKey.Of(prompt(row));
            if (!byPrompt.TryGetValue(key, out List<T>? group))
            {
                byPrompt.Add(key, group = []);
                groups.Add(group);
            }
            group.Add(row);
        }
        return groups;
    }
}
