namespace Hone.Data;

/// <summary>The physical types of Parquet, by number.</summary>
internal enum ParquetType { Boolean, Int32, Int64, Int96, Float, Double, ByteArray, FixedLengthByteArray }

/// <summary>Whether a field is there once, at most once, or any number of times in its parent.</summary>
internal enum ParquetRepetition { Required, Optional, Repeated }

/// <summary>What a Parquet field means beyond its physical type, as far as rows of text and numbers need it.</summary>
internal enum ParquetMeaning { None, Text, List, Map, Unsigned, Other }

/// <summary>A node of the schema; the nodes stand in depth-first order, the root first.</summary>
internal sealed record ParquetElement(string Name, ParquetType? Type, ParquetRepetition Repetition, int Children, ParquetMeaning Meaning);

/// <summary>Where a column's pages of one row group are, and how many values (nulls and empty lists included) they hold.</summary>
internal sealed record ParquetChunk(string Path, ParquetType Type, int Codec, long Values, long Start);

/// <summary>Its columns by their <see cref="ParquetFooter.PathOf"/>.</summary>
internal sealed record ParquetRowGroup(long Rows, IReadOnlyDictionary<string, ParquetChunk> Chunks);

/// <summary>
/// The footer of a Parquet file, checked. Source: apache/parquet-format, <c>parquet.thrift</c>, FileMetaData.
/// </summary>
internal sealed record ParquetFooter(IReadOnlyList<ParquetElement> Schema, IReadOnlyList<ParquetRowGroup> Groups)
{
    /// <exception cref="FormatException">The bytes are not a footer.</exception>
    public static ParquetFooter Read(ReadOnlySpan<byte> bytes)
    {
        ThriftReader reader = new(bytes);
        List<ParquetElement> schema = [];
        List<ParquetRowGroup> groups = [];
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 2)
            {
                for (int count = reader.List(ThriftType.Struct); count > 0; count--) schema.Add(Element(ref reader));
            }
            else if (id == 4)
            {
                for (int count = reader.List(ThriftType.Struct); count > 0; count--) groups.Add(RowGroup(ref reader));
            }
            else reader.Skip();
        }
        return schema.Count > 0 ? new ParquetFooter(schema, groups) : throw new FormatException("there is no schema");
    }

    private static ParquetElement Element(ref ThriftReader reader)
    {
        (string name, int? type, int repetition, int children) = ("", null, 0, 0);
        (int? converted, int? logical) = (null, null);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) type = reader.Int32();
            else if (id == 3) repetition = reader.Int32();
            else if (id == 4) name = reader.Text();
            else if (id == 5) children = reader.Int32();
            else if (id == 6) converted = reader.Int32();
            else if (id == 10) logical = Union(ref reader);
            else reader.Skip();
        }
        if (type is < 0 or > (int)ParquetType.FixedLengthByteArray || repetition is < 0 or > 2 || children < 0)
            throw new FormatException($"the schema's field `{name}` makes no sense");
        return new ParquetElement(name, (ParquetType?)type, (ParquetRepetition)repetition, children, Meaning(converted, logical));
    }

    /// <summary>
    /// ConvertedType: 0 UTF8, 1 MAP, 2 MAP_KEY_VALUE, 3 LIST, 4 ENUM, 5 DECIMAL, 13 UINT_32, 14 UINT_64, 19 JSON,
    /// others numbers. LogicalType: 1 STRING, 2 MAP, 3 LIST, 4 ENUM, 5 DECIMAL, 12 JSON.
    /// </summary>
    private static ParquetMeaning Meaning(int? converted, int? logical) => (converted, logical) switch
    {
        (0 or 4 or 19, _) or (_, 1 or 4 or 12) => ParquetMeaning.Text,
        (3, _) or (_, 3) => ParquetMeaning.List,
        (1 or 2, _) or (_, 2) => ParquetMeaning.Map,
        (13 or 14, _) => ParquetMeaning.Unsigned,
        (5, _) or (_, 5) => ParquetMeaning.Other,
        _ => ParquetMeaning.None,
    };

    /// <summary>A union is a struct with one field; its number says which.</summary>
    private static int? Union(ref ThriftReader reader)
    {
        reader.RequireStruct();
        int? which = null;
        for (int id = 0; reader.Next(ref id);)
        {
            which = id;
            reader.Skip();
        }
        return which;
    }

    private static ParquetRowGroup RowGroup(ref ThriftReader reader)
    {
        long rows = 0;
        Dictionary<string, ParquetChunk> chunks = new(StringComparer.Ordinal);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1)
            {
                for (int count = reader.List(ThriftType.Struct); count > 0; count--)
                {
                    ParquetChunk chunk = Chunk(ref reader);
                    if (!chunks.TryAdd(chunk.Path, chunk))
                        throw new FormatException($"the column `{chunk.Path.Replace('\0', '.')}` is there twice");
                }
            }
            else if (id == 3) rows = reader.Integer();
            else reader.Skip();
        }
        return rows >= 0 ? new ParquetRowGroup(rows, chunks) : throw new FormatException($"a row group of {rows} rows");
    }

    private static ParquetChunk Chunk(ref ThriftReader reader)
    {
        ParquetChunk? chunk = null;
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) throw new FormatException("its columns are in other files");
            if (id == 3) chunk = MetaData(ref reader);
            else reader.Skip();
        }
        return chunk ?? throw new FormatException("a column has no description (is it encrypted?)");
    }

    private static ParquetChunk MetaData(ref ThriftReader reader)
    {
        reader.RequireStruct();
        (string path, int type, int codec, long values, long start) = ("", 0, 0, 0, long.MaxValue);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) type = reader.Int32();
            else if (id == 3) path = Path(ref reader);
            else if (id == 4) codec = reader.Int32();
            else if (id == 5) values = reader.Integer();
            // Data, index and dictionary pages follow each other; 0 is how some writers say that there is none.
            else if (id is 9 or 10 or 11) start = reader.Integer() is var offset && offset != 0 ? Math.Min(start, offset) : start;
            else reader.Skip();
        }
        return values >= 0 ? new ParquetChunk(path, (ParquetType)type, codec, values, start)
            : throw new FormatException($"a column of {values} values");
    }

    private static string Path(ref ThriftReader reader)
    {
        List<string> names = [];
        for (int count = reader.List(ThriftType.Binary); count > 0; count--) names.Add(reader.Text());
        return PathOf(names);
    }

    /// <summary>One text for a column's place in the schema; names may hold dots.</summary>
    internal static string PathOf(IEnumerable<string> names) => string.Join('\0', names);
}
