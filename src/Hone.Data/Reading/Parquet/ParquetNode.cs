namespace Hone.Data;

/// <summary>
/// A field of a Parquet schema as a tree, with its levels: <paramref name="Definition"/> counts the optional and repeated
/// fields on the way to it, <paramref name="Repetition"/> the repeated ones (Dremel, Melnik et al. 2010).
/// </summary>
internal sealed record ParquetNode(ParquetElement Element, string Path, int Definition, int Repetition, IReadOnlyList<ParquetNode> Children)
{
    private const int MaxDepth = 24;

    public string Name => Element.Name;

    public bool IsLeaf => Element.Type is not null;

    public bool IsRepeated => Element.Repetition == ParquetRepetition.Repeated;

    /// <summary>Its columns, in order.</summary>
    public IEnumerable<ParquetNode> Leaves => IsLeaf ? [this] : Children.SelectMany(c => c.Leaves);

    /// <summary>The repeated field of a list or map, or null where this is neither.</summary>
    public ParquetNode? Items => Element.Meaning is ParquetMeaning.List or ParquetMeaning.Map && Children is [{ IsRepeated: true } items]
        ? items : null;

    /// <summary>
    /// In a list of three levels, the one field within its repeated group is the item; in older files of two levels
    /// the repeated field itself is (parquet-format, LogicalTypes.md, backward-compatibility rules).
    /// </summary>
    public ParquetNode? ItemOf(ParquetNode list) =>
        !IsLeaf && Children.Count == 1 && Element.Children == 1 && Name != "array" && Name != list.Name + "_tuple" ? Children[0] : null;

    /// <summary>The fields of the rows. Columns that are neither text, numbers nor truth values are left out.</summary>
    /// <exception cref="FormatException">The schema is no tree.</exception>
    public static ParquetNode Tree(IReadOnlyList<ParquetElement> schema)
    {
        int at = 1;
        List<ParquetNode> columns = Children(schema[0], [], 0, 0, depth: 0);
        return at == schema.Count
            ? new ParquetNode(schema[0], "", 0, 0, columns)
            : throw new FormatException("the schema has fields that belong to nothing");

        List<ParquetNode> Children(ParquetElement parent, IReadOnlyList<string> path, int definition, int repetition, int depth)
        {
            if (depth > MaxDepth) throw new FormatException("the schema is nested too deeply");
            List<ParquetNode> children = [];
            for (int i = 0; i < parent.Children; i++)
            {
                if (at == schema.Count) throw new FormatException("the schema ends too early");
                ParquetElement element = schema[at++];
                int d = definition + (element.Repetition == ParquetRepetition.Required ? 0 : 1);
                int r = repetition + (element.Repetition == ParquetRepetition.Repeated ? 1 : 0);
                string[] names = [.. path, element.Name];
                ParquetNode node = new(element, ParquetFooter.PathOf(names), d, r, element.Type is null
                    ? Children(element, names, d, r, depth + 1) : []);
                if (node.IsLeaf ? IsReadable(element) : node.Children.Count > 0) children.Add(node);
            }
            return children;
        }
    }

    private static bool IsReadable(ParquetElement element) => element.Type switch
    {
        ParquetType.ByteArray => element.Meaning == ParquetMeaning.Text,
        ParquetType.Int96 or ParquetType.FixedLengthByteArray => false,
        _ => element.Meaning != ParquetMeaning.Other,
    };
}
