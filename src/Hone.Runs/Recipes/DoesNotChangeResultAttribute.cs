namespace Hone.Runs.Recipes;

/// <summary>
/// An option that changes how or whether a stage is done, not what it gives: no stage is refused or done again when it
/// changes. Every option without this mark is part of the identity of the stages that it goes into.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class DoesNotChangeResultAttribute : Attribute;
