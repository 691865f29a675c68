using Hone.Text;

namespace Hone.Data;

/// <summary>Makes and checks disjoint sets of prompts.</summary>
internal static class PromptSplit
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
    public static PromptSplit<T> Split<T>(
        IReadOnlyList<T> rows, Func<T, IReadOnlyList<ChatMessage>> prompt, ulong seed, params IReadOnlyList<(string Name, int Rows)> parts)
    {
        PromptSplit<int> split = Split([.. rows.Select(row => PromptKey.HashOf(prompt(row)))], seed, parts);
        return new PromptSplit<T>(split.Parts.ToDictionary(p => p, p => (IReadOnlyList<T>)[.. split[p].Select(i => rows[i])]),
            [.. split.Rest.Select(i => rows[i])]);
    }

    /// <summary>The same of rows that are not in memory: it deals out their numbers.</summary>
    /// <param name="prompts">The key of each row's prompt, from <see cref="PromptKey.HashOf"/>.</param>
    public static PromptSplit<int> Split(IReadOnlyList<UInt128> prompts, ulong seed, params IReadOnlyList<(string Name, int Rows)> parts)
    {
        (int[] starts, int[] rows) = Group(prompts);
        int[] groups = [.. Enumerable.Range(0, starts.Length - 1)];
        new Xoshiro256(seed).Shuffle(groups.AsSpan());

        Dictionary<string, IReadOnlyList<int>> dealt = [];
        int next = 0;
        foreach ((string name, int wanted) in parts)
        {
            List<int> part = [];
            while (part.Count < wanted && next < groups.Length) part.AddRange(Rows(groups[next++]));
            dealt.Add(name, part);
        }
        if (parts.Any(p => dealt[p.Name].Count < p.Rows)) throw Short(prompts.Count, groups.Length, parts, dealt);
        return new PromptSplit<int>(dealt, [.. groups.Skip(next).SelectMany(g => Rows(g))]);

        ArraySegment<int> Rows(int group) => new(rows, starts[group], starts[group + 1] - starts[group]);
    }

    /// <summary>Names every part that is short, and numbers with which all would get something.</summary>
    private static InputException Short(
        int rows, int prompts, IReadOnlyList<(string Name, int Rows)> parts, Dictionary<string, IReadOnlyList<int>> dealt)
    {
        string asked = string.Join(" + ", parts.Select(p => $"{p.Name} {p.Rows}"));
        string missing = string.Join(", ",
            parts.Where(p => dealt[p.Name].Count < p.Rows).Select(p => $"`{p.Name}` gets {dealt[p.Name].Count}"));
        double total = parts.Sum(p => (double)p.Rows);
        // What is held out of rows to train on gets a twentieth; parts that share all prompts keep their proportions.
        double share = parts.Count == 1 ? prompts / 20.0 / total : prompts / total;
        IEnumerable<string> flags = parts.GroupBy(p => p.Name.Split(' ')[0])
            .Select(key => $"--set {key.Key}={Math.Max(prompts >= 20 ? 1 : 0, (int)(key.Min(p => p.Rows) * share))}");
        return new InputException($"{rows} rows with {prompts} distinct prompts do not reach for {asked}: {missing}",
            fix: $"Give more prompts, or lower the numbers, for example: {string.Join(' ', flags)}");
    }

    /// <summary>The rows with each prompt once, first come; what was left out is counted as <c>duplicate_prompt</c>.</summary>
    public static IEnumerable<PromptRow> Distinct(IEnumerable<PromptRow> rows, DataReport report)
    {
        HashSet<UInt128> seen = [];
        foreach (PromptRow row in rows)
        {
            if (!seen.Add(PromptKey.HashOf(row.Messages)))
            {
                report.Drop(DropReason.DuplicatePrompt);
                continue;
            }
            report.Keep();
            yield return row;
        }
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

    /// <summary>
    /// The rows of each prompt one after the other, the prompts in the order in which they first come; group g is
    /// rows[starts[g]..starts[g + 1]].
    /// </summary>
    private static (int[] Starts, int[] Rows) Group(IReadOnlyList<UInt128> prompts)
    {
        Dictionary<UInt128, int> byPrompt = [];
        int[] groupOf = new int[prompts.Count];
        for (int i = 0; i < groupOf.Length; i++)
        {
            if (!byPrompt.TryGetValue(prompts[i], out groupOf[i])) byPrompt.Add(prompts[i], groupOf[i] = byPrompt.Count);
        }
        int[] starts = new int[byPrompt.Count + 1];
        foreach (int group in groupOf) starts[group + 1]++;
        for (int g = 1; g < starts.Length; g++) starts[g] += starts[g - 1];
        int[] next = [.. starts], rows = new int[groupOf.Length];
        for (int i = 0; i < rows.Length; i++) rows[next[groupOf[i]]++] = i;
        return (starts, rows);
    }
}
