namespace Hone.Runs.Recipes;

/// <summary>
/// The one-line description of a recipe key: its documentation in code and the comment that <c>recipe show|init</c> print.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class CommentAttribute(string text) : Attribute
{
    public string Text { get; } = text;
}
