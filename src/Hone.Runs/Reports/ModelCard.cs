using System.Text;
using Hone.Data;

namespace Hone.Runs;

/// <summary>What the model card cannot read from the results.</summary>
internal sealed record ModelCardInfo
{
    /// <summary>Name of the released model.</summary>
    public required string Name { get; init; }

    /// <summary>The base model in words, for example its folder's name or <c>the embedded small world</c>.</summary>
    public required string BaseModel { get; init; }

    /// <summary>The base model's id on the Hugging Face hub, when it has one; only an id may stand in the front matter.</summary>
    public string? BaseModelId { get; init; }

    /// <summary>Ids on the Hugging Face hub of the data sets that it was trained on; files of one's own have none.</summary>
    public IReadOnlyList<string> DatasetIds { get; init; } = [];

    /// <summary>ISO 639 codes of the languages that it speaks; what is not known is left out.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>Licence identifier as the recipe states it (<c>apache-2.0</c>, <c>llama3</c>); null where it states none.</summary>
    public string? License { get; init; }

    /// <summary>The resolved recipe, as YAML.</summary>
    public required string RecipeYaml { get; init; }

    /// <summary>What was trained, in order.</summary>
    public IReadOnlyList<TrainingStage> Stages { get; init; } = [];

    /// <summary>Whether the model lives in the embedded made-up world and is of no use outside it.</summary>
    public bool IsDemonstration { get; init; }

    /// <summary>Whether the folder holds a LoRA adapter, and no weights of the base.</summary>
    public bool IsAdapter { get; init; }

    /// <summary>Whether the released model scores answers and writes none.</summary>
    public bool IsRewardModel { get; init; }
}

/// <summary>A row of the training table.</summary>
/// <param name="Name"><c>sft</c>, <c>reward</c>, <c>offline-dpo</c>, <c>online-dpo-1</c>, ...</param>
/// <param name="Data">What it was trained on, in words.</param>
/// <param name="Examples">Conversations or pairs; 0 where that is not known.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="BatchSize">Examples per optimiser step.</param>
/// <param name="LearningRate">The highest one of the schedule.</param>
internal sealed record TrainingStage(string Name, string Data, long Examples, int Steps, int BatchSize, double LearningRate);

/// <summary>Writes the model card: <c>README.md</c> of a release folder, with the front matter that the Hugging Face hub reads.</summary>
internal static class ModelCard
{
    public const string FileName = "README.md";

    /// <summary>What the card of an adapter says of its use, and that of a whole model must not.</summary>
    public const string AdapterNote =
        "This folder holds a LoRA adapter in the layout of PEFT. transformers needs the package `peft` to load it, and takes the base "
        + "model from where `adapter_config.json` names it. `hone export . --merge --output FOLDER` makes one ordinary model of both.\n\n";

    /// <summary>Writes the card into the release folder and returns its path.</summary>
    public static string Write(string releaseFolder, ModelCardInfo info, RunResults results)
    {
        string path = Path.Combine(releaseFolder, FileName);
        Durable.WriteText(path, Render(info, results));
        return path;
    }

    public static string Render(ModelCardInfo info, RunResults results)
    {
        StringBuilder card = new();
        ModelCardMetadata.Append(card, info, results);
        string name = MarkdownText.Cell(info.Name), baseModel = MarkdownText.Cell(info.BaseModel);
        ResultRow? released = results.Rows.FirstOrDefault(row => row.Selected);
        card.Append(info.IsRewardModel
            ? $"# {name}\n\nA Bradley-Terry reward model, trained with Hone from {baseModel}: it gives an answer to a prompt one "
            + $"number, the higher the better."
            : $"# {name}\n\n{baseModel}, trained with Hone by {Method(info)}.");
        if (released is not null)
            card.Append($" The released policy is the run's `{released.Name.Replace('`', '\'')}`, chosen on held-out prompts.");
        card.Append("\n\n## Training\n\n");
        TrainingTable(card, info);
        card.Append($"Seed {results.Seed}");
        if (results.WallSeconds > 0) card.Append($", {Format.Duration(results.WallSeconds)}");
        if (results.Machine.Length > 0) card.Append($" on {MarkdownText.Cell(results.Machine)}");
        card.Append(".\n\n## Results\n\n");
        if (results.Rows.Count > 0)
            card.Append(ResultTable.Of(results).ToMarkdown()).Append('\n').Append(ResultNote(results)).Append("\n\n");
        foreach (string sentence in Findings.Sentences(results)) card.Append("- ").Append(MarkdownText.Cell(sentence)).Append('\n');
        RewardModel(card, results);
        HeldOut(card, results);
        card.Append("\n## Use\n\n");
        if (info.IsAdapter) card.Append(AdapterNote);
        card.Append(Loading(info));
        card.Append("\n## Intended use and limits\n\n");
        foreach (string limit in Limits(info, results)) card.Append("- ").Append(limit).Append('\n');
        card.Append("\n## Recipe\n\n");
        // A stage that was trained alone was given its data by flags.
        bool alone = info.Stages.Count > 0 && results.Rows.Count == 0 && results.Command.Length > 0;
        if (results.Command.Length > 0) card.Append(MarkdownText.Block(results.Command, "sh")).Append('\n');
        card.Append(alone ? "The resolved recipe:\n\n" : "The resolved recipe; `hone run` with it makes this model again.\n\n");
        card.Append(MarkdownText.Block(info.RecipeYaml, "yaml"));
        return card.ToString();
    }

    /// <summary>What was done to the base model, as the stages tell.</summary>
    private static string Method(ModelCardInfo info)
    {
        string[] done = [.. info.Stages.Select(s => s.Name switch
        {
            "sft" => "supervised fine-tuning (SFT)",
            "reward" => "a Bradley-Terry reward model",
            "dpo" => "DPO",
            _ when s.Name.StartsWith("offline", StringComparison.Ordinal) => "offline DPO",
            _ when s.Name.StartsWith("online", StringComparison.Ordinal) => "iterative (online) DPO",
            _ => s.Name,
        }).Distinct()];
        return done.Length switch
        {
            0 => "preference optimisation",
            1 => done[0],
            _ => $"{string.Join(", ", done[..^1])} and {done[^1]}",
        };
    }

    /// <summary>The last figures on rows that were held out of training.</summary>
    private static void HeldOut(StringBuilder card, RunResults results)
    {
        StageResult[] stages = [.. results.Stages.Where(s => s.HeldOut.Count > 0)];
        if (stages.Length == 0) return;
        card.Append("\n### On held-out rows\n\n| stage | figure | value |\n|---|---|---:|\n");
        foreach (StageResult stage in stages)
            foreach ((string name, double value) in stage.HeldOut)
                card.Append($"| {MarkdownText.Cell(stage.Name)} | {MarkdownText.Cell(name)} | {Format.Number(value, 4)} |\n");
    }

    private static void TrainingTable(StringBuilder card, ModelCardInfo info)
    {
        if (info.Stages.Count == 0) return;
        card.Append("| stage | data | examples | steps | batch | learning rate |\n|---|---|---:|---:|---:|---:|\n");
        foreach (TrainingStage s in info.Stages)
        {
            string rate = s.LearningRate.ToString("0.##e-0", System.Globalization.CultureInfo.InvariantCulture);
            string examples = s.Examples > 0 ? Format.Count(s.Examples) : "–";
            card.Append($"| {MarkdownText.Cell(s.Name)} | {MarkdownText.Cell(s.Data)} | {examples} | "
                + $"{Format.Count(s.Steps)} | {Format.Count(s.BatchSize)} | {rate} |\n");
        }
        card.Append('\n');
    }

    private static string ResultNote(RunResults results)
    {
        string judge = results.HasGold ? "the gold judge" : "the reward model that the policies were trained on, which flatters them";
        string n = results.TestPrompts > 0 ? $" on {Format.Count(results.TestPrompts)} held-out prompts" : "";
        return $"Win rates are against SFT{n}, by {judge}; ties count half. LC: length-controlled. KL in nats per answer, length in "
            + $"tokens. In brackets: {MarkdownText.Cell(results.IntervalMethod)}.";
    }

    private static void RewardModel(StringBuilder card, RunResults results)
    {
        if (results.RewardModel is not { } reward) return;
        card.Append($"\n### Reward model\n\nAccuracy on unseen pairs: {Format.PercentWithInterval(reward.Accuracy)} %");
        if (reward.Pairs > 0) card.Append($" of {Format.Count(reward.Pairs)}");
        if (reward.BestOf8WinRate is { } best) card.Append($"; gold win rate of its best of 8: {Format.PercentWithInterval(best)} %");
        if (reward.WithinPromptCorrelation is { } correlation)
            card.Append($"; correlation with gold within a prompt: {Format.WithInterval(correlation, v => Format.Number(v, 2))}");
        card.Append($". {reward.InShort}: {MarkdownText.Cell(reward.Verdict)}\n");
    }

    private static string Question(ModelCardInfo info) =>
        info.IsDemonstration ? "Could you tell me something about gardens, please?" : "How do I write a friendly letter?";

    private static string Loading(ModelCardInfo info) => info.IsRewardModel
        ? """
        With transformers, version 4 or 5, from this folder; the reward is the only logit, read at the last token of the answer:

        ```python
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        model = AutoModelForSequenceClassification.from_pretrained(".")
        tokenizer = AutoTokenizer.from_pretrained(".")
        messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day to you."}]
        inputs = tokenizer.apply_chat_template(messages, return_tensors="pt", return_dict=True)
        with torch.no_grad():
            print(model(**inputs).logits[0, 0].item())
        ```

        With Hone:

        ```sh
        hone score --model . --samples answers.jsonl --output scored.jsonl
        ```

        """
        : $$"""
        With transformers, version 4 or 5, from this folder (`apply_chat_template` returns a dictionary in both with `return_dict=True`):

        ```python
        import torch
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer

        # 4 calls it torch_dtype, 5 dtype.
        name = "torch_dtype" if transformers.__version__.startswith("4.") else "dtype"
        model = AutoModelForCausalLM.from_pretrained(".", **{name: torch.bfloat16})
        tokenizer = AutoTokenizer.from_pretrained(".")
        messages = [{"role": "user", "content": "{{Question(info)}}"}]
        inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        output = model.generate(**inputs.to(model.device), max_new_tokens=256, do_sample=True)
        print(tokenizer.decode(output[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))
        ```

        With Hone:

        ```sh
        hone chat .
        ```

        """;

    private static IEnumerable<string> Limits(ModelCardInfo info, RunResults results)
    {
        yield return info.IsDemonstration
            ? "A demonstration of the method in a small made-up world with a few hundred words. It knows nothing outside of it and is "
            + "of no use as an assistant."
            : "For research on preference optimisation, within the limits of the base model and its licence.";
        if (!info.IsDemonstration && info.License is null)
            yield return "The recipe states no licence. The base model's and the data's terms apply.";
        if (results.Rows.Count == 0 && !info.IsRewardModel)
            yield return "No answer of this model was judged: what is known of it are its figures on held-out rows.";
        else if (!results.HasGold && !info.IsRewardModel)
            yield return "No judge independent of the reward model has scored this model: its gains are the reward model's opinion "
                + "until a benchmark confirms them.";
        if (results.RewardModel is { StrongEnough: false, TooFew: false } && !info.IsRewardModel)
            yield return "The reward model was found too weak to optimise against; the policy may have learnt its mistakes.";
        yield return "It was not tested for safety, truthfulness or bias, and may give false or offensive answers.";
    }
}
