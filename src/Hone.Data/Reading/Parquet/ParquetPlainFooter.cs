namespace Hone.Data;

/// <summary>
/// A footer in the plainest form that describes the same column chunks: each column stands alone, with as many lists and
/// optional groups around it as it has levels, and text is bytes. Parquet.Net, which decodes the pages, then reads
/// nothing that was not checked here, and leaves the nesting and the check of UTF-8 to <see cref="ParquetRows"/>.
/// </summary>
internal static class ParquetPlainFooter
{
    private const int ListAnnotation = 3;

    public static byte[] Footer(ParquetFooter footer, IReadOnlyList<ParquetNode> columns)
    {
        ThriftWriter writer = new();
        writer.BeginStruct();
        writer.Int32(1, 1);
        writer.List(2, ThriftType.Struct, 1 + columns.Sum(c => Chain(c).Count));
        Element(writer, new ChainLink("rows", ParquetRepetition.Required, IsList: false), type: null, children: columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            List<ChainLink> chain = Chain(columns[i], i);
            for (int k = 0; k < chain.Count; k++)
            {
                bool leaf = k == chain.Count - 1;
                Element(writer, chain[k], leaf ? columns[i].Element.Type : null, leaf ? 0 : 1);
            }
        }
        writer.Int64(3, footer.Groups.Sum(g => g.Rows));
        writer.List(4, ThriftType.Struct, footer.Groups.Count);
        foreach (ParquetRowGroup group in footer.Groups) Group(writer, group, columns);
        writer.EndStruct();
        return writer.ToArray();
    }

    /// <summary>A column's name in the plain footer.</summary>
    public static string NameOf(int column) => $"c{column}";

    private static void Group(ThriftWriter writer, ParquetRowGroup group, IReadOnlyList<ParquetNode> columns)
    {
        writer.BeginStruct();
        writer.List(1, ThriftType.Struct, columns.Count);
        for (int i = 0; i < columns.Count; i++)
        {
            ParquetChunk chunk = group.Chunks[columns[i].Path];
            List<ChainLink> path = Chain(columns[i], i);
            writer.BeginStruct();
            writer.Int64(2, 0);
            writer.BeginStruct(3);
            writer.Int32(1, (int)chunk.Type);
            writer.List(2, ThriftType.I32, 1);
            writer.ZigZag(0);
            writer.List(3, ThriftType.Binary, path.Count);
            foreach (ChainLink link in path) writer.Text(link.Name);
            writer.Int32(4, ParquetCodec.None);
            writer.Int64(5, chunk.Values);
            writer.Int64(6, 0);
            writer.Int64(7, 0);
            writer.Int64(9, chunk.Start);
            writer.EndStruct();
            writer.EndStruct();
        }
        writer.Int64(2, 0);
        writer.Int64(3, group.Rows);
        writer.EndStruct();
    }

    private static void Element(ThriftWriter writer, ChainLink link, ParquetType? type, int children)
    {
        writer.BeginStruct();
        if (type is { } physical) writer.Int32(1, (int)physical);
        writer.Int32(3, (int)link.Repetition);
        writer.Text(4, link.Name);
        if (children > 0) writer.Int32(5, children);
        if (link.IsList) writer.Int32(6, ListAnnotation);
        writer.EndStruct();
    }

    /// <summary>The groups around a column and the column itself.</summary>
    private static List<ChainLink> Chain(ParquetNode column, int index = 0)
    {
        List<ChainLink> chain = [];
        string Name() => chain.Count == 0 ? NameOf(index) : "element";
        for (int r = 0; r < column.Repetition; r++)
        {
            chain.Add(new ChainLink(Name(), ParquetRepetition.Required, IsList: true));
            chain.Add(new ChainLink("list", ParquetRepetition.Repeated, IsList: false));
        }
        int optional = column.Definition - column.Repetition;
        for (int d = 1; d < optional; d++) chain.Add(new ChainLink(Name(), ParquetRepetition.Optional, IsList: false));
        chain.Add(new ChainLink(Name(), optional > 0 ? ParquetRepetition.Optional : ParquetRepetition.Required, IsList: false));
        return chain;
    }

    private sealed record ChainLink(string Name, ParquetRepetition Repetition, bool IsList);
}
