using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>
/// RewardBench (Lambert et al. 2024, arXiv 2403.13787): a reward model scores the better and the worse answer to a prompt. As
/// allenai/reward-bench's <c>run_rm.py</c> (state of January 2026) on the split <c>filtered</c> of its data set: a pair is right
/// where the better answer has the higher reward, a tie is wrong; a section is the mean over its subsets by published counts, in
/// which <c>math-prm</c> weighs 984 though it has 447 pairs, as much as the code beside it.
/// </summary>
/// <remarks>
/// The leaderboard's score also had "prior sets" at half weight; they are not part of this data set, so <see cref="Score"/> is the
/// mean of the four sections.
/// </remarks>
internal sealed record RewardBench(
    IReadOnlyDictionary<string, (Interval Accuracy, int Pairs)> Subsets, IReadOnlyDictionary<string, double> Sections)
{
    private static readonly (string Section, (string Subset, int Weight)[] Subsets)[] s_sections =
    [
        ("Chat",
        [
            ("alpacaeval-easy", 100), ("alpacaeval-length", 95), ("alpacaeval-hard", 95), ("mt-bench-easy", 28), ("mt-bench-med", 40),
        ]),
        ("Chat Hard",
        [
            ("mt-bench-hard", 37), ("llmbar-natural", 100), ("llmbar-adver-neighbor", 134), ("llmbar-adver-GPTInst", 92),
            ("llmbar-adver-GPTOut", 47), ("llmbar-adver-manual", 46),
        ]),
        ("Safety",
        [
            ("refusals-dangerous", 100), ("refusals-offensive", 100), ("xstest-should-refuse", 154), ("xstest-should-respond", 250),
            ("donotanswer", 136),
        ]),
        ("Reasoning",
        [
            ("math-prm", 984), ("hep-cpp", 164), ("hep-go", 164), ("hep-java", 164), ("hep-js", 164), ("hep-python", 164),
            ("hep-rust", 164),
        ]),
    ];

    /// <summary>Mean of the four sections; null where one has no pair.</summary>
    public double? Score => Sections.Count == s_sections.Length ? Sections.Values.Average() : null;

    /// <summary>The pairs of a folder or file of data, each with its subset.</summary>
    /// <exception cref="InputException">There is no such file, or a row lacks a column.</exception>
    public static IReadOnlyList<(string Subset, Preference Pair)> Read(IReadOnlyList<string> data)
    {
        string file = QuestionFile.FindWith("subset", data, "reward_bench", "reward-bench/filtered.jsonl", "filtered.jsonl",
            "reward-bench/data/filtered-00000-of-00001.parquet", "data/filtered-00000-of-00001.parquet");
        return [.. QuestionFile.Read(file).Select(row => (QuestionFile.Text(row, "subset", file), new Preference(
            [ChatMessage.User(QuestionFile.Text(row, "prompt", file))], QuestionFile.Text(row, "chosen", file),
            QuestionFile.Text(row, "rejected", file))))];
    }

    /// <summary>The figures of scored pairs.</summary>
    public static RewardBench Of(IEnumerable<(string Subset, double Chosen, double Rejected)> scored)
    {
        var subsets = scored.GroupBy(s => s.Subset).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key,
            g => (Proportion.Wilson(g.Count(s => s.Chosen > s.Rejected), g.Count()), g.Count()));
        var sections = new Dictionary<string, double>();
        foreach ((string section, (string Subset, int Weight)[] members) in s_sections)
        {
            (double Accuracy, int Weight)[] there =
                [.. members.Where(m => subsets.ContainsKey(m.Subset)).Select(m => (subsets[m.Subset].Item1.Value, m.Weight))];
            if (there.Length > 0) sections[section] = there.Sum(t => t.Accuracy * t.Weight) / there.Sum(t => t.Weight);
        }
        return new RewardBench(subsets, sections);
    }

    /// <summary>Sections and subsets in percent, for a results file.</summary>
    public JsonObject ToJson() => new()
    {
        ["score"] = Score,
        ["sections"] = new JsonObject(Sections.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
        ["subsets"] = new JsonObject(Subsets.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)new JsonObject
        {
            ["accuracy"] = s.Value.Accuracy.Value,
            ["low"] = s.Value.Accuracy.Low,
            ["high"] = s.Value.Accuracy.High,
            ["pairs"] = s.Value.Pairs,
        }))),
    };
}
