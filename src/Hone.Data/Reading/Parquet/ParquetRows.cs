using System.Buffers;
using System.Text.Json;

namespace Hone.Data;

/// <summary>Puts the columns of a row group together to rows (Dremel's record assembly), as JSON objects.</summary>
internal sealed class ParquetRows(ParquetNode root, IReadOnlyDictionary<ParquetNode, ParquetColumn> columns)
{
    private readonly ArrayBufferWriter<byte> _json = new();

    /// <summary>The next row.</summary>
    /// <exception cref="FormatException">The columns do not fit together, the row is too long, or a text is not UTF-8.</exception>
    public JsonElement Next()
    {
        _json.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(_json)) Object(writer, root);
        return JsonElement.Parse(_json.WrittenSpan);
    }

    public bool AtEnd => columns.Values.All(c => c.AtEnd);

    private void Object(Utf8JsonWriter writer, ParquetNode group)
    {
        writer.WriteStartObject();
        foreach (ParquetNode child in group.Children)
        {
            writer.WritePropertyName(child.Name);
            if (child.IsRepeated) List(writer, child, item: null);
            else Value(writer, child);
        }
        writer.WriteEndObject();
    }

    private void Value(Utf8JsonWriter writer, ParquetNode node)
    {
        if (node.Element.Repetition == ParquetRepetition.Optional && First(node).Definition < node.Definition)
        {
            SkipEmpty(node);
            writer.WriteNullValue();
        }
        else Content(writer, node);
    }

    private void Content(Utf8JsonWriter writer, ParquetNode node)
    {
        if (writer.BytesCommitted + writer.BytesPending > RowBuffer.MaxRow)
            throw new FormatException($"a row is longer than {RowBuffer.MaxRow >> 20} MiB");
        if (node.IsLeaf) columns[node].Write(writer);
        else if (node.Items is { } items) List(writer, items, items.ItemOf(node));
        else Object(writer, node);
    }

    private void List(Utf8JsonWriter writer, ParquetNode repeated, ParquetNode? item)
    {
        writer.WriteStartArray();
        ParquetColumn first = First(repeated);
        if (first.Definition < repeated.Definition) SkipEmpty(repeated);
        else
        {
            do
            {
                if (item is { IsRepeated: false }) Value(writer, item);
                else Content(writer, repeated);
            }
            while (first.Repetition == repeated.Repetition);
        }
        writer.WriteEndArray();
    }

    private ParquetColumn First(ParquetNode node) => columns[node.Leaves.First()];

    private void SkipEmpty(ParquetNode node)
    {
        foreach (ParquetNode leaf in node.Leaves) columns[leaf].SkipEmpty();
    }
}
