namespace Hone.Runs.Recipes;

/// <summary>
/// What kind of place a recipe value came from; later kinds win over earlier ones. Recorded: as a run folder has it on
/// record from the process that began the run.
/// </summary>
public enum OriginKind { Default, File, Set, Flag, Recorded }

/// <summary>Where a recipe value came from: a default, a line of a file, a <c>--set</c>, or a flag such as <c>--device</c>.</summary>
public sealed record Origin(OriginKind Kind, string Text, int Line = 0, int Column = 0)
{
    public static Origin Default { get; } = new(OriginKind.Default, "default");

    /// <summary>For messages: <c>path:line:column</c>, or the argument as it was typed.</summary>
    public string Where => Kind == OriginKind.File ? $"{Text}:{Line}:{Column}" : Text;

    /// <summary>For the printed recipe: <c>default</c>, <c>file:line</c>, or the argument as it was typed.</summary>
    public override string ToString() => Kind == OriginKind.File ? $"{Path.GetFileName(Text)}:{Line}" : Text;
}
