using Hone.Text;
using Parquet;
using Parquet.Schema;

namespace Hone.Data;

/// <summary>
/// Streams the rows of a Parquet file, one row group at a time: memory is that of one row group. Text, numbers, truth
/// values, lists, maps and structs are read; other columns (dates as numbers aside) are not there.
/// </summary>
internal static class ParquetRecords
{
    /// <summary>Most values of a column in one row group, the items of lists included.</summary>
    internal const int MaxValues = 1 << 24;

    private const long MaxRowGroup = 1L << 30;
    private const int MaxFooter = 16 << 20;
    private const int MaxColumns = 1000;

    public static IEnumerable<DataRecord> Read(string path)
    {
        using FileStream file = RegularFile.Open(path);
        (ParquetFooter footer, long footerStart) = Footer(file, path);
        ParquetNode root = Damage(path, "the footer", () => ParquetNode.Tree(footer.Schema));
        ParquetNode[] leaves = [.. root.Leaves];
        if (leaves.Length == 0) throw new InputException("the Parquet file has no column of text or numbers", path);
        if (leaves.Length > MaxColumns)
            throw new InputException($"the Parquet file has {leaves.Length} columns; at most {MaxColumns} can be read",
                path, "Write those that are needed.");
        for (int g = 0; g < footer.Groups.Count; g++) Damage(path, Part(footer, g), () => RequireColumns(footer.Groups[g], leaves));

        using ParquetStream stream = new(footerStart, ParquetPlainFooter.Footer(footer, leaves));
        ParquetReader reader = Damage(path, "the footer", () => ParquetReader.CreateAsync(stream).GetAwaiter().GetResult());
        DataField[] fields = Damage(path, "the footer", () =>
        {
            Dictionary<string, DataField> byName = reader.Schema.DataFields.ToDictionary(f => f.Path.FirstPart!);
            return leaves.Select((_, i) => byName[ParquetPlainFooter.NameOf(i)]).ToArray();
        });
        ParquetPages pages = new(file, footerStart, MaxRowGroup);
        long row = 0;
        for (int g = 0; g < footer.Groups.Count; g++)
        {
            ParquetRowGroup group = footer.Groups[g];
            if (group.Rows == 0) continue;
            string what = Part(footer, g);
            ParquetRows rows = Damage(path, what, () => Open(pages, stream, group, root, leaves, reader.OpenRowGroupReader(g), fields));
            for (long i = 0; i < group.Rows; i++)
            {
                row++;
                yield return new DataRecord(Damage($"{path}:row {row}", what, rows.Next), $"{path}:row {row}");
            }
            if (!rows.AtEnd) throw Damaged(path, what, "the columns have more values than the rows");
        }
    }

    private static (ParquetFooter Footer, long Start) Footer(FileStream file, string path)
    {
        Span<byte> head = stackalloc byte[4], tail = stackalloc byte[8];
        if (file.Length < 12) throw Cut(path);
        file.ReadExactly(head);
        if (head.SequenceEqual("PARE"u8)) throw new InputException("the Parquet file is encrypted", path);
        if (!head.SequenceEqual("PAR1"u8)) throw new InputException("this is not a Parquet file (it does not begin with PAR1)", path);
        file.Position = file.Length - 8;
        file.ReadExactly(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8)) throw Cut(path);
        uint length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length > file.Length - 12) throw Damaged(path, "the footer", $"{length} bytes in a file of {file.Length}");
        if (length > MaxFooter) throw new InputException($"the footer of the Parquet file is longer than {MaxFooter >> 20} MiB", path,
            "Write it with fewer row groups or columns.");
        byte[] bytes = new byte[length];
        file.Position = file.Length - 8 - length;
        file.ReadExactly(bytes);
        return (Damage(path, "the footer", () => ParquetFooter.Read(bytes)), file.Length - 8 - length);
    }

    private static bool RequireColumns(ParquetRowGroup group, ParquetNode[] leaves)
    {
        foreach (ParquetNode leaf in leaves)
        {
            ParquetChunk chunk = group.Chunks.GetValueOrDefault(leaf.Path)
                ?? throw new FormatException($"it lacks the column `{leaf.Name}`");
            if (chunk.Type != leaf.Element.Type) throw new FormatException($"the column `{leaf.Name}` has another type than in the schema");
            if (chunk.Values > MaxValues)
                throw new NotSupportedException($"the column `{leaf.Name}` has {chunk.Values} values; at most {MaxValues} can be read "
                    + "at once. Write smaller row groups");
            if (leaf.Repetition == 0 && chunk.Values != group.Rows)
                throw new FormatException($"the column `{leaf.Name}` has {chunk.Values} values in {group.Rows} rows");
        }
        return true;
    }

    private static ParquetRows Open(
        ParquetPages pages, ParquetStream stream, ParquetRowGroup group, ParquetNode root, ParquetNode[] leaves,
        ParquetRowGroupReader reader, DataField[] fields)
    {
        pages.NextGroup();
        Dictionary<ParquetNode, ParquetColumn> columns = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < leaves.Length; i++)
        {
            ParquetChunk chunk = group.Chunks[leaves[i].Path];
            stream.Pages(chunk.Start, pages.Read(chunk, leaves[i]));
            columns.Add(leaves[i], ParquetColumn.Read(leaves[i], reader, fields[i], (int)chunk.Values));
        }
        return new ParquetRows(root, columns);
    }

    /// <summary>Whatever goes wrong in there, within a library or here, is the file's fault.</summary>
    private static T Damage<T>(string where, string part, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (NotSupportedException e)
        {
            throw new InputException($"the Parquet file cannot be read, {part}: {e.Message}", where, inner: e);
        }
        catch (Exception e) when (e is not (InputException or OutOfMemoryException))
        {
            throw Damaged(where, part, e.Message, e);
        }
    }

    private static string Part(ParquetFooter footer, int group) => $"row group {group + 1} of {footer.Groups.Count}";

    private static InputException Damaged(string where, string part, string why, Exception? inner = null) =>
        new($"the Parquet file is damaged, {part}: {why}", where, "Was the file copied completely?", inner);

    private static InputException Cut(string path) =>
        new("the Parquet file is cut short: its end, where the footer is, is missing", path, "Was the file copied completely?");
}
