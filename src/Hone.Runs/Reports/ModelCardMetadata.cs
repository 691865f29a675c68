using System.Globalization;
using System.Text;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>
/// The YAML front matter of a model card, as the Hugging Face hub reads it (hub-docs, <c>modelcard.md</c>). Only what the hub can
/// resolve stands in it: ids of models and data sets, known identifiers; the rest is told in the card's text.
/// </summary>
internal static class ModelCardMetadata
{
    public static void Append(StringBuilder card, ModelCardInfo info, RunResults results)
    {
        card.Append("---\n");
        List(card, "language", info.Languages.Where(IsLanguage));
        if (info.License is { } license)
        {
            // The hub knows licences by such identifiers; everything else has to be named as another one.
            bool known = license.Length > 0 && license.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.');
            card.Append(known ? $"license: {license}\n" : $"license: other\nlicense_name: {MarkdownText.YamlScalar(license)}\n");
        }
        card.Append($"library_name: {(info.IsAdapter ? "peft" : "transformers")}\n");
        card.Append(info.IsRewardModel ? "pipeline_tag: text-classification\n" : "pipeline_tag: text-generation\n");
        if (info.BaseModelId is not null) card.Append($"base_model: {MarkdownText.YamlScalar(info.BaseModelId)}\n");
        List(card, "datasets", info.DatasetIds);
        List(card, "tags", info.IsRewardModel ? ["hone", "rlhf", "reward-model"] : Tags(info));
        Results(card, info, results);
        card.Append("---\n\n");
    }

    /// <summary>By what was done: a fine-tuned model is not found among those of DPO.</summary>
    private static IEnumerable<string> Tags(ModelCardInfo info)
    {
        bool dpo = info.Stages.Any(s => s.Name.Contains("dpo", StringComparison.Ordinal));
        yield return "hone";
        yield return dpo ? "rlhf" : "sft";
        if (dpo) yield return "dpo";
        if (info.Stages.Any(s => s.Name.StartsWith("online", StringComparison.Ordinal))) yield return "online-dpo";
    }

    private static void List(StringBuilder card, string key, IEnumerable<string> values)
    {
        string[] distinct = [.. values.Distinct()];
        if (distinct.Length == 0) return;
        card.Append(key).Append(":\n");
        foreach (string value in distinct) card.Append("  - ").Append(MarkdownText.YamlScalar(value)).Append('\n');
    }

    // ISO 639: "en", or "multilingual" where several hundred would be listed.
    private static bool IsLanguage(string code) => code == "multilingual" || (code.Length is 2 or 3 && code.All(char.IsAsciiLetterLower));

    private static void Results(StringBuilder card, ModelCardInfo info, RunResults results)
    {
        List<(string Type, string Name, Interval Value)> metrics = [.. Measured(info, results)];
        if (metrics.Count == 0) return;
        string prompts = info.IsRewardModel ? "held-out preference pairs of the run" : "held-out prompts of the run";
        card.Append("model-index:\n  - name: ").Append(MarkdownText.YamlScalar(info.Name)).Append("\n    results:\n");
        card.Append("      - task:\n          type: ").Append(info.IsRewardModel ? "text-classification" : "text-generation").Append('\n');
        card.Append("        dataset:\n          type: hone-held-out\n          name: ")
            .Append(MarkdownText.YamlScalar(prompts)).Append('\n');
        card.Append("          split: test\n        metrics:\n");
        foreach ((string type, string name, Interval value) in metrics)
        {
            card.Append("          - type: ").Append(type).Append('\n');
            card.Append("            value: ").Append(Number(value.Value)).Append('\n');
            card.Append("            name: ").Append(MarkdownText.YamlScalar(name)).Append('\n');
            card.Append("            args:\n");
            card.Append("              interval_low: ").Append(Number(value.Low)).Append('\n');
            card.Append("              interval_high: ").Append(Number(value.High)).Append('\n');
            card.Append("              interval: ").Append(MarkdownText.YamlScalar(results.IntervalMethod)).Append('\n');
        }
    }

    /// <summary>What was measured of the released model, by the most independent judge there is.</summary>
    private static IEnumerable<(string Type, string Name, Interval Value)> Measured(ModelCardInfo info, RunResults results)
    {
        IEnumerable<(string, string, Interval?)> all = info.IsRewardModel
            ? [("accuracy", "accuracy on unseen pairs", results.RewardModel?.Accuracy)]
            : OfPolicy(results, results.Rows.FirstOrDefault(row => row.Selected));
        foreach ((string type, string name, Interval? value) in all)
        {
            if (value is { } known && double.IsFinite(known.Value) && double.IsFinite(known.Low) && double.IsFinite(known.High))
                yield return (type, name, known);
        }
    }

    private static IEnumerable<(string Type, string Name, Interval? Value)> OfPolicy(RunResults results, ResultRow? row)
    {
        if (row is null) return [];
        string judge = results.HasGold ? "by the gold judge" : "by the reward model that it was trained on";
        return
        [
            ("win_rate", $"win rate against SFT, {judge}", results.HasGold ? row.GoldWinRate : row.RmWinRate),
            ("lc_win_rate", $"length-controlled win rate against SFT, {judge}", results.HasGold ? row.LcGoldWinRate : row.LcRmWinRate),
            ("kl", "KL to SFT in nats per answer", row.Kl),
        ];
    }

    private static string Number(double value) => value.ToString("0.0#####", CultureInfo.InvariantCulture);
}
