using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary>The usual settings of a training as flags of their own; each is a key of the recipe's section, which explains it.</summary>
internal sealed class TrainingFlags
{
    private readonly string _section;
    private readonly Option<double?> _rate, _beta;
    private readonly Option<int?> _epochs, _batch, _length;
    private readonly Option<string?> _loss;

    public TrainingFlags(Command command, string section)
    {
        _section = section;
        Recipe usual = new();
        TrainOptions own = section switch { "sft" => usual.Sft, "reward" => usual.Reward, _ => usual.OfflineDpo };
        _rate = new("--lr")
        {
            Description = $"Highest learning rate ({section}.learning_rate); default {OptionValue.Format(own.LearningRate)}.",
        };
        _epochs = new("--epochs") { Description = $"Passes over the data ({section}.epochs); default {own.Epochs}." };
        _batch = new("--batch-size") { Description = $"Rows per optimiser step ({section}.batch_size); default {own.BatchSize}." };
        _length = new("--max-length")
        {
            Description = $"Most tokens of an example ({section}.max_length); default {own.MaxLength}, or the model's context.",
        };
        _beta = new("--beta")
        {
            Description = $"Strength of the pull towards the reference ({section}.beta); "
                + $"default {OptionValue.Format(usual.OfflineDpo.Beta)}.",
        };
        _loss = new("--loss") { Description = $"The loss, or several with weights ({section}.loss); default {usual.OfflineDpo.Loss}." };
        foreach (Option option in (Option[])[_rate, _epochs, _batch, _length]) command.Add(option);
        if (own is not DpoOptions) return;
        command.Add(_beta);
        command.Add(_loss);
    }

    public IEnumerable<RecipeOverride> Overrides(ParseResult parsed)
    {
        if (parsed.GetValue(_rate) is { } rate) yield return Flag(_rate, "learning_rate", OptionValue.Format(rate));
        if (parsed.GetValue(_epochs) is { } epochs) yield return Flag(_epochs, "epochs", $"{epochs}");
        if (parsed.GetValue(_batch) is { } batch) yield return Flag(_batch, "batch_size", $"{batch}");
        if (parsed.GetValue(_length) is { } length)
        {
            yield return Flag(_length, "max_length", $"{length}");
            // A prompt limit of the defaults that leaves no room goes along; one of the recipe's is its own affair.
            if (_section == "offline_dpo" && length <= new Recipe().OfflineDpo.MaxPromptLength && length > 1
                && parsed.GetValue<string?>("--recipe") is null
                && !(parsed.GetValue<string[]>("--set") ?? [])
                    .Any(s => s.StartsWith("offline_dpo.max_prompt_length", StringComparison.Ordinal)))
                yield return Flag(_length, "max_prompt_length", $"{Math.Max(1, length / 2)}");
        }
        if (_section != "offline_dpo") yield break;
        if (parsed.GetValue(_beta) is { } beta) yield return Flag(_beta, "beta", OptionValue.Format(beta));
        if (parsed.GetValue(_loss) is { } loss) yield return Flag(_loss, "loss", loss);
    }

    private RecipeOverride Flag(Option option, string key, string value) => RecipeOverride.Flag(option.Name, $"{_section}.{key}", value);
}
