using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>Supervised fine-tuning on conversations or texts.</summary>
/// <param name="model">A language model opened to be trained, with a <see cref="TrainingStart"/>.</param>
/// <param name="rows">A <see cref="Conversation"/> or a <see cref="TextRow"/> each.</param>
/// <param name="options">Settings of a recipe's section <c>sft</c>.</param>
/// <param name="heldOut">Rows that are evaluated and not trained on.</param>
/// <param name="seed">Of the order of rows and of dropout.</param>
/// <exception cref="InputException">An option is out of its range, or the model was not opened to be trained.</exception>
public sealed class SftTrainer(
    PretrainedModel model, IEnumerable<SftRow> rows, SftOptions options, IEnumerable<SftRow>? heldOut = null, ulong seed = 0)
    : ModelTrainer(model, options, seed, "sft rows")
{
    private readonly SftOptions _options = options;

    /// <inheritdoc/>
    public override StepReport Train(CancellationToken cancel = default) => Run(new SftObjective(),
        TrainingRows.Packed([.. Examples(rows)], _options, Model.Text), [.. Examples(heldOut ?? [])], cancel);

    private IEnumerable<SftExample> Examples(IEnumerable<SftRow> given)
    {
        LengthRule rule = TrainingRows.SftLengths(_options, Model.Text);
        return given.Select(row => TrainingRows.Fit(row, Model.Text, _options.LossOn, rule, Rows)).OfType<SftExample>();
    }
}
