namespace Hone.Runs.Tests.Folders;

/// <summary>What becomes of data that was written but not synced when the power goes.</summary>
internal enum UnsyncedData { Lost, Half, Zeros, Kept }

/// <summary>
/// A disk that forgets: it replays a trace and then shows what a power cut may leave. Content is sure after fsync of the
/// file, names after fsync of their folder; everything else may be lost, torn or kept.
/// </summary>
internal sealed class CrashDisk
{
    private readonly Node _root = Node.Folder();

    internal void Apply(Operation operation)
    {
        (Node parent, string name) = Parent(operation.Path);
        switch (operation.Kind)
        {
            case "mkdir": parent.Names[name] = Node.Folder(); break;
            case "create": parent.Names[name] = Node.File(); break;
            case "write": parent.Names[name].Content = [.. parent.Names[name].Content!, .. operation.Data!]; break;
            case "fsync": parent.Names[name].SureContent = parent.Names[name].Content!; break;
            case "fsyncdir":
                Node folder = operation.Path == "." ? _root : parent.Names[name];
                folder.SureNames = new(folder.Names);
                break;
            case "rename":
                (Node to, string newName) = Parent(operation.To!);
                to.Names[newName] = parent.Names[name];
                parent.Names.Remove(name);
                break;
            default: parent.Names.Remove(name); break;
        }
    }

    /// <summary>What a crash may leave, by path; a folder has no bytes. <paramref name="keepNames"/> decides per folder path.</summary>
    internal SortedDictionary<string, byte[]?> AfterCrash(UnsyncedData data, Func<string, bool> keepNames)
    {
        SortedDictionary<string, byte[]?> left = new(StringComparer.Ordinal);
        Collect(_root, ".", data, keepNames, left);
        return left;
    }

    internal static string Fingerprint(SortedDictionary<string, byte[]?> left) =>
        string.Join('\n', left.Select(e => $"{e.Key} {(e.Value is null ? "folder" : Convert.ToHexString(e.Value))}"));

    internal static void Write(SortedDictionary<string, byte[]?> left, string folder)
    {
        foreach ((string path, byte[]? content) in left)
        {
            if (content is null) Directory.CreateDirectory(Path.Combine(folder, path));
            else File.WriteAllBytes(Path.Combine(folder, path), content);
        }
    }

    private static void Collect(Node node, string path, UnsyncedData data,
        Func<string, bool> keepNames, SortedDictionary<string, byte[]?> left)
    {
        foreach ((string name, Node child) in keepNames(path) ? node.Names : node.SureNames)
        {
            string below = path == "." ? name : $"{path}/{name}";
            left[below] = child.Content is null ? null : child.After(data);
            if (child.Content is null) Collect(child, below, data, keepNames, left);
        }
    }

    private (Node, string) Parent(string path)
    {
        string[] parts = path.Split('/');
        Node at = _root;
        foreach (string part in parts[..^1]) at = at.Names[part];
        return (at, parts[^1]);
    }

    private sealed class Node
    {
        internal Dictionary<string, Node> Names { get; } = [];
        internal Dictionary<string, Node> SureNames { get; set; } = [];
        internal byte[]? Content { get; set; }
        internal byte[] SureContent { get; set; } = [];

        internal static Node Folder() => new();

        internal static Node File() => new() { Content = [] };

        internal byte[] After(UnsyncedData data) => SureContent.AsSpan().SequenceEqual(Content) ? SureContent : data switch
        {
            UnsyncedData.Lost => SureContent,
            UnsyncedData.Half => Content![..(Content.Length / 2)],
            UnsyncedData.Zeros => new byte[Content!.Length],
            _ => Content!,
        };
    }
}
