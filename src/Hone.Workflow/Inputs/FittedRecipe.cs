using System.Globalization;
using System.Text;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow.Inspection;

namespace Hone.Workflow;

/// <summary>
/// A recipe for a model and data of one's own: lengths from the rows and the model's context, batch and epochs from the number of
/// rows, learning rates from the model's size; each value with its reason.
/// </summary>
internal static class FittedRecipe
{
    private const int Column = 40, MeasuredRows = 2000, WantedSteps = 30, LengthStep = 64;

    // Weights from which on the rates hold: those of the paper for billions, those that small models were seen to learn with below.
    private static readonly (double Weights, double Sft, double Reward, double Dpo)[] s_rates =
    [
        (3e9, 2e-5, 2e-6, 5e-7), (3e8, 5e-5, 1e-5, 2e-6), (5e7, 1e-4, 3e-5, 1e-5), (5e6, 5e-4, 3e-4, 5e-5), (0, 1e-3, 1e-3, 2e-4),
    ];

    /// <param name="model">As it is to stand in the recipe.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="data">As they are to stand in the recipe.</param>
    /// <param name="files">The files that they stand for, of one kind.</param>
    /// <exception cref="InputException">The model or the data cannot be read, or the rows train nothing by themselves.</exception>
    public static string Of(string model, string folder, IReadOnlyList<string> data, IReadOnlyList<string> files)
    {
        TransformerConfig config = ConfigFile.Load(folder);
        ModelText text = ModelText.Load(folder);
        string? template = text.Chat is null && NamedTemplates.Fitting(text.Tokenizer) is [var first, ..] ? first : null;
        if (template is not null) text = ModelText.Load(folder, NamedTemplates.Find(template));
        Recipe usual = new();
        RowKind kind = RowKinds.Detect(usual, files[0]);
        if (kind == RowKind.Prompts)
            throw new InputException("prompts train nothing by themselves", files[0],
                "Give conversations or preferences; or start from hone recipe init, and give a reward model as reward.start_from.");
        (int rows, int[] longest, int[] prompts) = Measure(kind, usual, files, text);
        double weights = ModelMemory.Parameters(config);
        (double Weights, double Sft, double Reward, double Dpo) rates = s_rates.First(r => weights >= r.Weights);
        // Weights, gradients and two moments in fp32.
        bool adapter = weights * 16 > ModelMemory.OfMachine;
        var lines = new StringBuilder();
        void Line(string content, string why = "") =>
            lines.Append(why.Length > 0 ? $"{content.PadRight(Column)} # {why}" : content).Append('\n');

        Line($"# Fitted to {rows} rows of {kind.ToString().ToLowerInvariant()} and a model of {Count(weights)} weights.");
        Line("# hone recipe init explains every other key; hone recipe validate reads the data.");
        Line($"name: {Name(folder)}");
        Line($"model: {Quote(model)}", $"context {config.MaxPositions} tokens");
        if (template is not null)
            Line($"template: {template}", "the model has no chat template; of the known ones this is the first whose tokens it has");
        Line("data:");
        Line($"  {(kind == RowKind.Sft ? "sft" : "preferences")}: [{string.Join(", ", data.Select(Quote))}]", $"{rows} usable rows");
        Line("  held_out: {sft: auto, reward: auto}", "5% of the rows, at most the paper's 500");
        if (adapter)
        {
            Line("adapter:");
            Line("  rank: 16", "all weights with gradients and moments would not fit into this machine's memory");
        }
        if (kind == RowKind.Sft) Section("sft", rates.Sft, usual.Sft, epochs: rows < 2000 ? 3 : 1);
        else
        {
            Line("sft: {enabled: false}", "the rows are preferences: the model should have been fine-tuned before");
            Section("reward", rates.Reward, usual.Reward, epochs: rows < 2000 ? 2 : 1);
            Section("offline_dpo", rates.Dpo, usual.OfflineDpo, epochs: rows < 2000 ? 2 : 1);
        }
        if (kind == RowKind.Sft) Line("reward: {enabled: false}", "needs preferences");
        if (kind == RowKind.Sft) Line("offline_dpo: {enabled: false}", "needs preferences");
        Line("online: {enabled: false}", "needs prompts of its own: data.prompts");
        Line("evaluation: {enabled: false}", "needs prompts that no stage is trained on: data.prompts");
        return lines.ToString();

        void Section(string name, double rate, TrainOptions paper, int epochs)
        {
            int length = RoundUp(longest[^1], paper.MaxLength, config.MaxPositions), over = longest.Count(l => l > length);
            int batch = Batch(rows, epochs, paper.BatchSize), steps = epochs * ((rows + batch - 1) / batch);
            Line($"{name}:");
            Line($"  epochs: {epochs}", rows < 2000 ? $"{rows} rows are few" : "as the paper");
            Line($"  learning_rate: {OptionValue.Format(adapter ? rate * 10 : rate)}",
                $"for about {Count(weights)} weights{(adapter ? ", ten times as high for an adapter" : "")}");
            Line($"  batch_size: {batch}", $"about {steps} steps; the paper has {paper.BatchSize} for far more rows");
            Line($"  max_length: {length}", $"the longest row has {longest[^1]} tokens"
                + (over > 0 ? $"; {over} of {longest.Length} are dropped" : ""));
            if (paper is DpoOptions)
                Line($"  max_prompt_length: {Math.Min(length - 1, RoundUp(prompts[^1], length - 1, length - 1))}",
                    $"the longest prompt has {prompts[^1]} tokens");
            Line($"  micro_batch_tokens: {Math.Max(length, weights < 1e9 ? 8192 : 16_384)}", "tokens of a pass: less takes less memory");
            Line($"  log_every: {Math.Max(1, steps / 50)}", "about 50 points on the curves");
        }
    }

    private static (int Rows, int[] Longest, int[] Prompts) Measure(RowKind kind, Recipe recipe, IReadOnlyList<string> files,
        ModelText text)
    {
        var longest = new List<int>();
        var prompts = new List<int>();
        int rows = 0;
        foreach (string file in files)
        {
            var read = new DataReport(file);
            if (kind == RowKind.Sft)
            {
                foreach (Hone.Data.SftRow row in TrainingRows.ReadSft(recipe, file, read, new DataReport(file)))
                    if (rows++ < MeasuredRows) longest.Add(TrainingRows.Sft(row, text, recipe.Sft.LossOn, new DataReport(file)).Ids.Length);
                continue;
            }
            foreach (Preference row in TrainingRows.ReadPreferences(recipe, file, read, new DataReport(file)))
            {
                if (rows++ >= MeasuredRows) continue;
                PreferenceExample example = text.Examples.Preference(row);
                prompts.Add(example.Prompt.Length);
                longest.Add(example.Prompt.Length + Math.Max(example.Chosen.Length, example.Rejected.Length));
            }
        }
        return (rows, [.. longest.Order()], [.. prompts.Order()]);
    }

    private static int RoundUp(int tokens, int most, int context) =>
        Math.Max(2, Math.Min(Math.Min(most, context), (tokens + LengthStep - 1) / LengthStep * LengthStep));

    /// <summary>A power of two with which the rows make enough steps to learn, up to the paper's.</summary>
    private static int Batch(int rows, int epochs, int paper)
    {
        int batch = 1;
        while (batch * 2 <= paper && (long)rows * epochs / (batch * 2) >= WantedSteps) batch *= 2;
        return batch;
    }

    private static string Name(string folder)
    {
        string name = string.Concat(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))
            .Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')).TrimStart('.', '_', '-');
        return name.Length == 0 ? "my-run" : name[..Math.Min(name.Length, 64)];
    }

    private static string Quote(string text) => OptionValue.Yaml(text);

    private static string Count(double weights) => weights switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{weights / 1e9:0.#} billion"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{weights / 1e6:0.#} million"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{weights / 1e3:0} thousand"),
    };
}
