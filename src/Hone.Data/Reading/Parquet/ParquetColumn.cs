using System.Text.Json;
using System.Text.Unicode;
using Parquet;
using Parquet.Schema;

namespace Hone.Data;

/// <summary>The values of one column in one row group, with the levels that say where lists and nulls are.</summary>
internal abstract class ParquetColumn(ParquetNode node, int count)
{
    private readonly int[] _definition = new int[node.Definition > 0 ? count : 0];
    private readonly int[] _repetition = new int[node.Repetition > 0 ? count : 0];
    private int _at;

    /// <summary>Definition level of the next entry.</summary>
    /// <exception cref="FormatException">There is none left.</exception>
    public int Definition => _at < count
        ? node.Definition > 0 ? _definition[_at] : 0
        : throw new FormatException($"the column `{node.Path.Replace('\0', '.')}` has too few values");

    /// <summary>Repetition level of the next entry; 0, the start of a row, at the end.</summary>
    public int Repetition => _at < count && node.Repetition > 0 ? _repetition[_at] : 0;

    public bool AtEnd => _at == count;

    /// <summary>Reads a column of a row group.</summary>
    public static ParquetColumn Read(ParquetNode node, ParquetRowGroupReader group, DataField field, int count)
    {
        if (field.MaxDefinitionLevel != node.Definition || field.MaxRepetitionLevel != node.Repetition)
            throw new NotSupportedException($"the nesting of the column `{node.Path.Replace('\0', '.')}` cannot be read");
        bool unsigned = node.Element.Meaning == ParquetMeaning.Unsigned;
        return node.Element.Type switch
        {
            ParquetType.Boolean => Read<bool>((writer, value) => writer.WriteBooleanValue(value)),
            ParquetType.Int32 when unsigned => Read<int>((writer, value) => writer.WriteNumberValue((uint)value)),
            ParquetType.Int64 when unsigned => Read<long>((writer, value) => writer.WriteNumberValue((ulong)value)),
            ParquetType.Int32 => Read<int>((writer, value) => writer.WriteNumberValue(value)),
            ParquetType.Int64 => Read<long>((writer, value) => writer.WriteNumberValue(value)),
            ParquetType.Float => Read<float>((writer, value) => Number(writer, value, float.IsFinite(value))),
            ParquetType.Double => Read<double>((writer, value) => Number(writer, value, double.IsFinite(value))),
            _ => Read<ReadOnlyMemory<byte>>((writer, value) => Text(writer, value.Span)),
        };

        ParquetColumn Read<T>(Action<Utf8JsonWriter, T> write)
            where T : struct
        {
            ParquetColumn<T> column = new(node, count, write);
            column.Fill(group, field);
            return column;
        }

        // The writer would replace such bytes with U+FFFD.
        static void Text(Utf8JsonWriter writer, ReadOnlySpan<byte> utf8) =>
            writer.WriteStringValue(Utf8.IsValid(utf8) ? utf8 : throw new FormatException("a text is not UTF-8"));

        // JSON has no such numbers. pandas writes NaN for a value that is missing.
        static void Number(Utf8JsonWriter writer, double value, bool finite)
        {
            if (finite) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }

    /// <summary>Writes the next entry, which must be a value.</summary>
    public abstract void Write(Utf8JsonWriter writer);

    /// <summary>Steps over the next entry, which holds no value: a null or an empty list.</summary>
    public void SkipEmpty() => _at++;

    protected Memory<int>? Definitions => node.Definition > 0 ? (Memory<int>?)_definition : null;

    protected Memory<int>? Repetitions => node.Repetition > 0 ? (Memory<int>?)_repetition : null;

    /// <summary>Entries that are values.</summary>
    protected int Defined => node.Definition == 0 ? count : _definition.Count(d => d == node.Definition);
}

internal sealed class ParquetColumn<T>(ParquetNode node, int count, Action<Utf8JsonWriter, T> write) : ParquetColumn(node, count)
    where T : struct
{
    private static readonly ReadOnlyMemory<byte> s_missing = new byte[1];

    private readonly T[] _values = new T[count];
    private int _next;

    public override void Write(Utf8JsonWriter writer)
    {
        write(writer, _values[_next++]);
        SkipEmpty();
    }

    public void Fill(ParquetRowGroupReader group, DataField field)
    {
        // A page that holds fewer values than it says is not noticed further down.
        if (_values is ReadOnlyMemory<byte>[] texts) Array.Fill(texts, s_missing);
        group.ReadRawAsync<T>(field, _values, Definitions, Repetitions).AsTask().GetAwaiter().GetResult();
        if (_values is ReadOnlyMemory<byte>[] read && read.AsSpan(0, Defined).Contains(s_missing))
            throw new FormatException("a page holds fewer values than it says");
    }
}
