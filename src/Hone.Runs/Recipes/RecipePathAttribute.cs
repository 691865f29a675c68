namespace Hone.Runs.Recipes;

/// <summary>
/// Marks a value that is a path. A relative path counts from the recipe's folder (from the working folder when it was
/// given on the command line); the words in <see cref="Except"/> are no paths.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class RecipePathAttribute(params string[] except) : Attribute
{
    public IReadOnlyList<string> Except { get; } = except;
}
