namespace Hone.Runs.Recipes;

/// <summary>Finds the name a mistyped one was meant to be.</summary>
internal static class NearestName
{
    /// <summary>The candidate with the fewest edits (insert, delete, replace, swap of neighbours), or null when none is near.</summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int fewest = Math.Max(2, name.Length / 3) + 1;
        if (name.Length > 100) return null;
        foreach (string candidate in candidates)
        {
            int edits = Distance(name.ToLowerInvariant().Replace('-', '_'), candidate);
            if (edits < fewest) (best, fewest) = (candidate, edits);
        }
        return best;
    }

    /// <summary>Optimal string alignment distance: edits that turn one string into the other.</summary>
    internal static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, 1 + Math.Min(d[i - 1, j], d[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
