namespace Hone.Evaluation;

/// <summary>Share of prompts on which one policy's answer is preferred; a tie counts half.</summary>
public static class WinRate
{
    /// <summary>1 where <paramref name="scores"/> is higher, 0 where lower, 0.5 where both are equal. [prompts]</summary>
    /// <exception cref="ArgumentException">The lists differ in length, or a score is NaN.</exception>
    public static double[] Preferences(IReadOnlyList<double> scores, IReadOnlyList<double> baselineScores)
    {
        if (scores.Count != baselineScores.Count)
            throw new ArgumentException("Both policies need one score per prompt.", nameof(baselineScores));
        double[] preferences = new double[scores.Count];
        for (int i = 0; i < preferences.Length; i++)
        {
            if (double.IsNaN(scores[i]) || double.IsNaN(baselineScores[i]))
                throw new ArgumentException($"The score of prompt {i} is NaN.", nameof(scores));
            preferences[i] = scores[i] > baselineScores[i] ? 1 : scores[i] < baselineScores[i] ? 0 : 0.5;
        }
        return preferences;
    }

    /// <summary>Mean preference with Wilson's interval. <paramref name="preferences"/>: one in 0..1 per prompt.</summary>
    /// <exception cref="ArgumentException">No prompt, or a preference outside 0..1.</exception>
    public static Interval Of(IReadOnlyList<double> preferences)
    {
        RequirePreferences(preferences);
        return Proportion.Wilson(Math.Min(preferences.Sum(), preferences.Count), preferences.Count);
    }

    internal static void RequirePreferences(IReadOnlyList<double> preferences)
    {
        if (preferences.Count == 0) throw new ArgumentException("There is no prompt to compare on.", nameof(preferences));
        for (int i = 0; i < preferences.Count; i++)
        {
            if (!(preferences[i] >= 0 && preferences[i] <= 1))
                throw new ArgumentException($"Preference {i} is {preferences[i]}: it must lie in 0..1.", nameof(preferences));
        }
    }
}
