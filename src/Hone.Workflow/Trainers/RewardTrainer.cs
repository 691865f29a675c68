using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>A Bradley-Terry reward model from preferences.</summary>
/// <param name="model">Opened by <see cref="PretrainedModel.OpenAsNewRewardModel"/>.</param>
/// <param name="pairs">Preferences to train on.</param>
/// <param name="options">Settings of a recipe's section <c>reward</c>; what it starts from is the model given.</param>
/// <param name="heldOut">Preferences that are evaluated and not trained on.</param>
/// <param name="seed">Of the order of pairs and of dropout.</param>
/// <exception cref="InputException">An option is out of its range, or the model was not opened to be trained.</exception>
public sealed class RewardTrainer(
    PretrainedModel model, IEnumerable<Preference> pairs, RewardOptions options, IEnumerable<Preference>? heldOut = null, ulong seed = 0)
    : ModelTrainer(model, options, seed, "preferences")
{
    private readonly RewardOptions _options = options;

    /// <inheritdoc/>
    public override StepReport Train(CancellationToken cancel = default) => Model.Model.Config.IsRewardModel
        ? Run(_options.Objective(), Examples(pairs), Examples(heldOut ?? []), cancel)
        : throw new InputException("this is a language model", Model.Path, "Open it with PretrainedModel.OpenAsNewRewardModel.");

    private IReadOnlyList<PromptExample> Examples(IEnumerable<Preference> given)
    {
        LengthRule rule = TrainingRows.RewardLengths(_options, Model.Text);
        return PromptExample.Group(given.Select(row => TrainingRows.Fit(row, Model.Text, rule, Rows)).OfType<PreferenceExample>());
    }
}
