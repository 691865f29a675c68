using System.ComponentModel.DataAnnotations;
using Hone.Data;

namespace Hone.Runs.Recipes;

/// <summary>The text of a <see cref="LossMix"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class LossRuleAttribute() : ValidationAttribute(
    $"{string.Join(", ", LossMix.Names)}, or several with weights such as 0.8*sigmoid + 0.2*sft")
{
    public override bool IsValid(object? value) => value is string text && LossMix.IsValid(text);
}
