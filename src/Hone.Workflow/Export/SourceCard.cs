using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>The model card of a folder that another form of the model is made from.</summary>
/// <param name="Front">
/// What its front matter says of the model itself (licence, base model, data), line by line; what names library and pipeline
/// belongs to the form.
/// </param>
/// <param name="Body">The rest; empty without a card.</param>
internal sealed record SourceCard(string Front, string Body)
{
    private const string Fence = "---\n";
    private const long Most = 1 << 20;

    public static SourceCard Read(string folder)
    {
        string path = Path.Combine(folder, ModelCard.FileName);
        if (!File.Exists(path) || new FileInfo(path).Length > Most) return new("", "");
        string text = SmallText.Read(path).Replace("\r\n", "\n", StringComparison.Ordinal);
        int end = text.StartsWith(Fence, StringComparison.Ordinal)
            ? text.IndexOf("\n" + Fence, Fence.Length - 1, StringComparison.Ordinal)
            : -1;
        if (end < 0) return new("", text);
        IEnumerable<string> kept = text[Fence.Length..(end + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("library_name:", StringComparison.Ordinal)
                && !line.StartsWith("pipeline_tag:", StringComparison.Ordinal));
        return new(string.Concat(kept.Select(line => line + "\n")), text[(end + 1 + Fence.Length)..].TrimStart('\n'));
    }
}
