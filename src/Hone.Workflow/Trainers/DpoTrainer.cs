using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>DPO and its relatives on preferences (<see cref="DpoOptions.Loss"/> names which), against a fixed reference.</summary>
/// <param name="model">The policy, opened to be trained with a <see cref="TrainingStart"/>.</param>
/// <param name="reference">What it is regularised to: another model of the same tokenizer, or the policy itself as it begins.</param>
/// <param name="pairs">Preferences to train on.</param>
/// <param name="options">Settings of a recipe's section <c>offline_dpo</c>, such as <c>new OfflineDpoOptions { Beta = 0.1 }</c>.</param>
/// <param name="heldOut">Preferences that are evaluated and not trained on.</param>
/// <param name="seed">Of the order of pairs and of dropout.</param>
/// <exception cref="InputException">An option is out of its range, or the model was not opened to be trained.</exception>
public sealed class DpoTrainer(
    PretrainedModel model, PretrainedModel reference, IEnumerable<Preference> pairs, DpoOptions options,
    IEnumerable<Preference>? heldOut = null, ulong seed = 0)
    : ModelTrainer(model, options, seed, "preferences")
{
    private readonly DpoOptions _options = options;

    /// <inheritdoc/>
    public override StepReport Train(CancellationToken cancel = default)
    {
        if (!ReferenceEquals(reference, Model) && !Tokenizer.IsSame(Model.Path, reference.Path))
            throw new InputException(
                "the policy and its reference have different tokenizers, so their log-probabilities cannot be compared", reference.Path,
                "Give the model that the policy was made from.");
        return Run(_options.Objective(), Examples(pairs), Examples(heldOut ?? []), cancel);
    }

    private IReadOnlyList<PromptExample> Examples(IEnumerable<Preference> given)
    {
        LengthRule rule = TrainingRows.DpoLengths(_options, Model.Text);
        PreferenceExample[] fitted = [.. given.Select(row => TrainingRows.Fit(row, Model.Text, rule, Rows)).OfType<PreferenceExample>()];
        return ReferenceLogProbs.Attach(reference.Model, _options is OfflineDpoOptions { Unpaired: true } labelled
            ? Labelled.Examples(Labelled.Of(fitted), labelled)
            : PromptExample.Group(fitted), _options.MicroBatchTokens);
    }
}
