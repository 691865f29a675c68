using System.Globalization;

namespace Hone.Bench.Training;

/// <summary>What is trained on: random ids, with lengths as in real data.</summary>
internal static class Rows
{
    public sealed record Pair(int[] Prompt, int[] Chosen, int[] Rejected);

    /// <summary>8 sequences of 256 tokens; sft-4096: one of so many.</summary>
    public static IEnumerable<int[]> Conversations(string what, int vocabulary)
    {
        var random = new Random(1);
        return Number(what) is int length ? [Ids(random, length, vocabulary)]
            : Enumerable.Range(0, 8).Select(_ => Ids(random, 256, vocabulary));
    }

    /// <summary>score-512: a prompt of so many tokens with 8 answers of 128.</summary>
    public static (int[] Prompt, int[][] Answers) Scored(string what, int vocabulary)
    {
        var random = new Random(5);
        return (Ids(random, Number(what)!.Value, vocabulary), [.. Enumerable.Range(0, 8).Select(_ => Ids(random, 128, vocabulary))]);
    }

    /// <summary>Of "head-1024"; null where there is none.</summary>
    public static int? Number(string what) =>
        what.Split('-') is [_, var number] && int.TryParse(number, CultureInfo.InvariantCulture, out int value) ? value : null;

    /// <summary>
    /// Lengths spread as UltraFeedback's (log-normal; means near 161, 280 and 211 tokens), 4 pairs; dpo-long: prompts four times
    /// as long as the answers, 2 pairs.
    /// </summary>
    public static Pair[] Pairs(string what, int vocabulary)
    {
        var random = new Random(7);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        int Length(double mean) => (int)Math.Clamp(mean * Math.Exp((0.6 * Normal()) - 0.18), 8, 4 * mean);
        if (what == "qlora") return [new Pair(Ids(random, 1, vocabulary), Ids(random, 1023, vocabulary), Ids(random, 1023, vocabulary))];
        return [.. Enumerable.Range(0, what == "dpo-long" ? 2 : 4).Select(_ => what == "dpo-long"
            ? new Pair(Ids(random, 800, vocabulary), Ids(random, 200, vocabulary), Ids(random, 200, vocabulary))
            : new Pair(Ids(random, Length(161), vocabulary), Ids(random, Length(280), vocabulary), Ids(random, Length(211), vocabulary)))];
    }

    private static int[] Ids(Random random, int length, int vocabulary) =>
        [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
}
