namespace Hone.Text.Jinja;

/// <summary>
/// The value of a name or attribute that does not exist: false, empty, printed as nothing, and an error in every other use.
/// </summary>
internal sealed record Undefined(string Reason)
{
    public JinjaException Error() => new(Reason);
}
