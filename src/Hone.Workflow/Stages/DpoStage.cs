using Hone.Inference;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>DPO on a file of pairs or of preferences, outside of a run, with the recipe's options of <c>offline_dpo</c>.</summary>
public static class DpoStage
{
    private const string ReferenceName = "reference", PairsFile = "pairs.jsonl";

    /// <summary>The pairs as trained on, with their reference log-probabilities, within the working folder.</summary>
    public static string PairsPath { get; } = Path.Combine(ReferenceName, PairsFile);

    private const string HeldOut = "data.held_out.reward";

    /// <param name="files">Pairs as <c>hone pair</c> writes them, or preference rows of any layout.</param>
    /// <param name="start">The policy that is trained.</param>
    /// <param name="reference">What it is regularised to; null for what the pairs carry, or the policy as it begins.</param>
    public static ModelRef Run(RunContext run, IReadOnlyList<string> files, ModelRef start, ModelRef? reference)
    {
        OfflineDpoOptions o = run.Recipe.OfflineDpo;
        if (o.Unpaired) return Kto(run, o, start, reference ?? start);
        files = DataFile.Expand(files);
        if (reference is null && !files.All(CarryLogProbs))
        {
            reference = start;
            run.Say("the reference is the policy as it begins (--reference names another)");
        }
        StageFolder pairs = Reference(run, o, files, start, reference);
        string file = pairs.File(PairsFile);
        PairRow[] rows = [.. RowFile.ReadPairs(file)];
        PromptSplit<int> split = Split(run, rows);
        StageFolder stage = run.OpenStage("dpo", run.Identity.Dpo(pairs, split[HeldOut].Count, start));
        if (stage.Finished) return ModelRef.Of(stage);
        using PretrainedModel model = run.OpenToTrain(start.Folder, stage);
        IReadOnlyList<PromptExample> examples = ReferenceLogProbs.Read(rows, model.Text, file);
        StageTrainer.Run(run, stage, model, o.Objective(),
            [.. split.Rest.Order().Select(i => examples[i])], [.. split[HeldOut].Select(i => examples[i])], o);
        run.SaveModel(model.Model, stage.File("model"), from: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }

    /// <summary>Pairs to train on, and as many as the recipe says that are not, of other prompts.</summary>
    private static PromptSplit<int> Split(RunContext run, PairRow[] rows)
    {
        var report = new List<string>();
        int size = run.Recipe.Data.HeldOut.Of(rows.Length, report, "reward").Reward;
        UInt128[] prompts = [.. rows.Select(r => PromptKey.HashOf(r.Prompt))];
        if (prompts.Distinct().Take(2).Count() < 2) size = 0; // one prompt has no two sides
        else report.ForEach(run.SayOfData);
        return PromptSplit.Split(prompts, Seeds.Derive(run.Seed, "pair rows"), (HeldOut, size));
    }

    /// <summary>On answers that are labelled one by one; the reference's log-probabilities are computed when the training begins.</summary>
    private static ModelRef Kto(RunContext run, OfflineDpoOptions o, ModelRef start, ModelRef reference)
    {
        var report = new List<string>();
        (IReadOnlyList<LabelledExample> labelled, IReadOnlyList<LabelledExample> heldOut) =
            FileInputs.Labelled(run.Recipe, ModelText.Load(start.Folder), report);
        report.ForEach(run.SayOfData);
        RunInputs inputs = RunInputs.None with { Labelled = labelled, LabelledHeldOut = heldOut };
        StageFolder stage = run.OpenStage("dpo", run.Identity.Kto(inputs, start, reference));
        if (stage.Finished) return ModelRef.Of(stage);
        IReadOnlyList<PromptExample> train = Labelled.Examples(labelled, o), evaluated = Labelled.Examples(heldOut, o);
        Labelled.RequireMismatched(train);
        using (PretrainedModel held = run.OpenReference(reference.Folder, stage))
        {
            RequireSameTokenizer(start, reference);
            train = ReferenceLogProbs.Attach(held.Model, train, run.ScoringTokens);
            evaluated = ReferenceLogProbs.Attach(held.Model, evaluated, run.ScoringTokens);
        }
        using PretrainedModel model = run.OpenToTrain(start.Folder, stage);
        StageTrainer.Run(run, stage, model, o.Objective(), train, evaluated, o);
        run.SaveModel(model.Model, stage.File("model"), from: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }

    private static void RequireSameTokenizer(ModelRef start, ModelRef reference)
    {
        if (!Tokenizer.IsSame(start.Folder, reference.Folder))
            throw new InputException(
                "The policy and its reference have different tokenizers, so their log-probabilities cannot be compared.",
                reference.Folder, "Give the model that the policy was made from.");
    }

    private static bool CarryLogProbs(string file) => RowFile.HoldsPairs(file)
        && RowFile.ReadPairs(file).First() is { ReferenceChosenLogp: not null, ReferenceRejectedLogp: not null };

    private static StageFolder Reference(
        RunContext run, OfflineDpoOptions o, IReadOnlyList<string> files, ModelRef start, ModelRef? reference)
    {
        StageFolder stage = run.OpenStage(ReferenceName, run.Identity.Reference(files, start, reference, run.Digests));
        if (stage.Finished) return stage;
        using PretrainedModel model = run.OpenReference((reference ?? start).Folder, stage);
        if (reference is not null) RequireSameTokenizer(start, reference);
        if (model.Text.PlainNote is { } plain) run.Say(plain);
        PairRow[] pairs = [.. files.SelectMany(file => Read(run, file, model.Text, o))];
        if (reference is not null) pairs = [.. ReferenceLogProbs.Attach(model.Model, model.Text, pairs, run.ScoringTokens)];
        RowFile.Write(stage.File(PairsFile), pairs);
        stage.Finish();
        return stage;
    }

    /// <summary>Rows with the ids that are trained on, within the recipe's lengths.</summary>
    private static List<PairRow> Read(RunContext run, string file, ModelText text, OfflineDpoOptions o)
    {
        LengthRule rule = TrainingRows.DpoLengths(o, text);
        DataReport rows = new(file), cleaned = new($"{file}, cleaned"), lengths = new($"lengths of {file}");
        IEnumerable<PairRow> pairs = RowFile.HoldsPairs(file)
            ? RowFile.ReadPairs(file)
            : TrainingRows.ReadPreferences(run.Recipe, file, rows, cleaned).Select(p => new PairRow(p.Prompt, p.Chosen, p.Rejected));
        var kept = new List<PairRow>();
        foreach (PairRow pair in pairs)
        {
            PreferenceExample? fitting = TrainingRows.Fit(
                TrainingRows.Characters(pair.Prompt) + pair.Chosen.Length + pair.Rejected.Length,
                () => text.Examples.Preference(pair, file),
                example =>
                {
                    CheckIds(example, text, file);
                    return rule.Apply(example, lengths);
                }, lengths);
            if (fitting is { } fit) kept.Add(pair with { PromptIds = fit.Prompt, ChosenIds = fit.Chosen, RejectedIds = fit.Rejected });
        }
        if (rows.Read > 0) run.SayOfData(rows.ToString());
        if (cleaned.DroppedCount > 0) run.SayOfData(cleaned.ToString());
        run.SayOfData(lengths.ToString());
        if (TrainingRows.ContextNote("dpo", o.MaxLength, text) is { } note) run.SayOfData(note);
        lengths.RequireKept();
        return kept.Count > 0 ? kept : throw new InputException("the file has no rows", file);
    }

    private static void CheckIds(PreferenceExample example, ModelText text, string file)
    {
        int size = text.Tokenizer.VocabularySize;
        foreach (int id in example.Prompt.Concat(example.Chosen).Concat(example.Rejected))
            if (id < 0 || id >= size)
                throw new InputException($"a row holds the token id {id}; the model's tokenizer has {size}",
                    file, "Train the model that the pairs were sampled from.");
    }
}
