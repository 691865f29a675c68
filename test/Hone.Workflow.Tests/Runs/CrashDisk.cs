namespace Hone.Workflow.Tests.Runs;

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

    /// <summary>Writes a state that a crash may leave into an empty folder; <paramref name="keepNames"/> decides per folder path.</summary>
    internal void Materialise(string folder, UnsyncedData data, Func<string, bool> keepNames) => Materialise(_root, ".", folder, data, keepNames);

    private static void Materialise(Node node, string path, string target, UnsyncedData data, Func<string, bool> keepNames)
    {
        Directory.CreateDirectory(target);
        foreach ((string name, Node child) in keepNames(path) ? node.Names : node.SureNames)
        {
            string below = Path.Combine(target, name);
            if (child.Content is null) Materialise(child, path == "." ? name : $"{path}/{name}", below, data, keepNames);
            else File.WriteAllBytes(below, child.After(data));
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
