using System.Text.RegularExpressions;

namespace Hone.Data;

/// <summary>A repository on a Hugging Face hub, at a revision, and perhaps a path or pattern within it.</summary>
/// <param name="Kind"><c>models</c> or <c>datasets</c>.</param>
/// <param name="Name">Owner and name, such as <c>meta-llama/Meta-Llama-3-8B</c>.</param>
/// <param name="Revision">Branch, tag or commit.</param>
/// <param name="Path">A file, folder or pattern in it; null for all.</param>
public sealed partial record HubId(string Kind, string Name, string Revision = "main", string? Path = null)
{
    public const string Scheme = "hf://";

    /// <summary>
    /// <c>owner/name[@revision]</c>, or <c>hf://[datasets/]owner/name[@revision][/path]</c>. Without the scheme it is a model.
    /// Null where the text is no such id.
    /// </summary>
    public static HubId? TryParse(string text)
    {
        if (text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            Match match = WithScheme().Match(text);
            return match.Success && Sound(match)
                ? new HubId(match.Groups["kind"].Success ? "datasets" : "models", match.Groups["name"].Value, RevisionOf(match),
                    match.Groups["path"] is { Success: true, Length: > 0 } path ? path.Value : null)
                : null;
        }
        Match plain = Plain().Match(text);
        return plain.Success && Sound(plain) ? new HubId("models", plain.Groups["name"].Value, RevisionOf(plain)) : null;
    }

    /// <exception cref="InputException">The text is no id.</exception>
    public static HubId Parse(string text) => TryParse(text) ?? throw new InputException(
        $"`{text}` is not a repository of a hub", fix: "Write owner/name[@revision], or hf://[datasets/]owner/name[@revision][/path].");

    /// <summary>The repository as <c>hf://</c> text.</summary>
    public override string ToString() =>
        $"{Scheme}{(Kind == "datasets" ? "datasets/" : "")}{Name}"
        + $"{(Revision == "main" ? "" : $"@{Revision}")}{(Path is null ? "" : $"/{Path}")}";

    private static string RevisionOf(Match match) => match.Groups["revision"] is { Success: true } revision
        ? Uri.UnescapeDataString(revision.Value) : "main";

    // A name or revision becomes part of a path in the cache.
    private static bool Sound(Match match) => !match.Groups["name"].Value.Contains("..", StringComparison.Ordinal)
        && !match.Groups["name"].Value.Contains("--", StringComparison.Ordinal)
        && RevisionOf(match) is { Length: <= 200 } revision && revision.Split('/').All(HubFileName.IsSound);

    [GeneratedRegex(@"\A(?<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?<revision>[\w.%/+-]+))?\z")]
    private static partial Regex Plain();

    [GeneratedRegex(
        @"\Ahf://(?<kind>datasets/)?(?<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?<revision>[\w.%+-]+))?(/(?<path>.*))?\z")]
    private static partial Regex WithScheme();
}
