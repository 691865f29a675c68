using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Inspection;

/// <summary>A file that is looked at.</summary>
internal sealed record InspectedFile(string Path)
{
    /// <summary>What reading and the recipe's filters did.</summary>
    public DataReport Read { get; } = new(Path);

    /// <summary>What the recipe's cleaning rules did.</summary>
    public DataReport Cleaned { get; } = new($"{Path}, cleaned");
}

/// <summary>
/// What the rows of files are once they are trained on, found in one pass that keeps counts, hashes and the rows to be
/// shown, not the files. Rows are numbered from 1 through all files; those dropped while reading count.
/// </summary>
internal sealed class DataInspection
{
    /// <summary>Duplicates that are listed; all are counted.</summary>
    public const int MostListed = 1000;

    private readonly List<ShownRow> _rows = [];
    private readonly List<Duplicate> _duplicates = [];
    private readonly Dictionary<string, LengthHistogram> _lengths = [];

    private DataInspection(IReadOnlyList<string> files, RowKind kind, IReadOnlyList<StageLengths> stages, NgramIndex? evaluation)
    {
        (Files, Kind, Stages) = ([.. files.Select(f => new InspectedFile(f))], kind, stages);
        Overlap = evaluation is null ? null : new EvaluationOverlap(evaluation);
    }

    /// <summary>The files in order, with what reading and cleaning did to each.</summary>
    public IReadOnlyList<InspectedFile> Files { get; }

    public RowKind Kind { get; }

    /// <summary>What the lengths of each stage do; each stage sees all rows that were read.</summary>
    public IReadOnlyList<StageLengths> Stages { get; }

    /// <summary>Rows that the chat template refuses; training would stop at the first.</summary>
    public int Refused { get; private set; }

    /// <summary>The first refusal, in words.</summary>
    public string? FirstRefusal { get; private set; }

    /// <summary>Lengths in tokens before anything is cut; the first is what the length limit is for.</summary>
    public IReadOnlyDictionary<string, LengthHistogram> Lengths => _lengths;

    /// <summary>Tokens that the model reads, over all sequences of all rows.</summary>
    public long Tokens { get; private set; }

    /// <summary>Tokens that are learnt.</summary>
    public long Trained { get; private set; }

    /// <summary>Tokens that stand for what the vocabulary does not have.</summary>
    public long Unknown { get; private set; }

    public DuplicateFinder DuplicateCounts { get; } = new();

    /// <summary>The first <see cref="MostListed"/> rows that repeat an earlier one.</summary>
    public IReadOnlyList<Duplicate> Duplicates => _duplicates;

    /// <summary>Null where no evaluation set was given.</summary>
    public EvaluationOverlap? Overlap { get; }

    /// <summary>The rows asked for.</summary>
    public IReadOnlyList<ShownRow> Rows => _rows;

    /// <summary>Reads the files once.</summary>
    /// <param name="files">Files of rows.</param>
    /// <param name="kind">What their rows are.</param>
    /// <param name="text">The model's tokenizer and template.</param>
    /// <param name="recipe">Filters, cleaning, and which tokens are learnt.</param>
    /// <param name="stages">The lengths to hold rows to, the first being shown.</param>
    /// <param name="show">Whether to keep a row for show, by its number and how many are kept so far.</param>
    /// <param name="evaluation">Evaluation items to look for.</param>
    /// <exception cref="InputException">A file cannot be read, or none of its rows can be used.</exception>
    public static DataInspection Of(
        IReadOnlyList<string> files, RowKind kind, ModelText text, Recipe recipe, IReadOnlyList<StageLengths> stages,
        Func<int, int, bool> show, NgramIndex? evaluation = null)
    {
        var inspection = new DataInspection(files, kind, stages, evaluation);
        int before = 0;
        foreach (InspectedFile file in inspection.Files)
        {
            foreach (RowSource row in RowSource.Read(kind, recipe, file.Path, file.Read, file.Cleaned))
                inspection.Add(row with { Number = before + row.Number }, text, show);
            before += file.Read.Read;
        }
        return inspection;
    }

    private void Add(RowSource row, ModelText text, Func<int, int, bool> show)
    {
        if (DuplicateCounts.Add(row.Number, row.Fields) is { } duplicate && _duplicates.Count < MostListed) _duplicates.Add(duplicate);
        Overlap?.Add(row.Number, row.Fields);
        RowTokens tokens;
        try
        {
            tokens = row.Tokenise(text);
        }
        catch (InputException) when (row.Fields.Sum(f => f.Length) > TrainingRows.Huge)
        {
            foreach (StageLengths stage in Stages) stage.Report.Drop(DropReason.TooLong);
            return;
        }
        catch (InputException e)
        {
            Refused++;
            FirstRefusal ??= $"row {row.Number}: {e.Message}";
            return;
        }
        foreach ((string name, int length) in tokens.Lengths)
        {
            if (!_lengths.TryGetValue(name, out LengthHistogram? lengths)) _lengths[name] = lengths = new LengthHistogram();
            lengths.Add(length);
        }
        Tokens += tokens.Sequences.Sum(s => s.Length);
        Trained += tokens.Sequences.Sum(s => s.Trained);
        if (text.Tokenizer.UnkId is { } unknown)
            Unknown += tokens.Sequences.SelectMany(s => s.Parts).Sum(p => p.Ids.AsSpan().Count(unknown));
        foreach (StageLengths stage in Stages) tokens.Apply(stage.Rule, stage.Report);
        if (!show(row.Number, _rows.Count)) return;
        var fate = new DataReport("one row");
        _rows.Add(ShownRow.Of(row.Number, tokens, tokens.Apply(Stages[0].Rule, fate), fate, text.Tokenizer));
    }
}
