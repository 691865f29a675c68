namespace Hone.Data;

/// <summary>
/// Walks the page headers of a column before anything is unpacked: whether they make sense, and how much memory they ask
/// for. Source: apache/parquet-format, <c>parquet.thrift</c>, PageHeader.
/// </summary>
internal sealed class ParquetPages(Stream file, long end, long maxBytes)
{
    private const int RunLength = 3;

    // Headers may hold the least and the greatest value of the page, which are texts.
    private static readonly int[] s_headerSizes = [1 << 9, 1 << 16, 1 << 24];

    private long _group;
    private long _all;

    /// <summary>Begins a row group; the limit on bytes holds for each.</summary>
    public void NextGroup() => _group = 0;

    /// <summary>Checks the pages of one column chunk and gives the offset of the byte after the last.</summary>
    /// <exception cref="FormatException">They are damaged, or unpacked larger than allowed.</exception>
    /// <exception cref="NotSupportedException">They are written in a way that cannot be read.</exception>
    public long Check(ParquetChunk chunk, bool repeated)
    {
        const int Lzo = 3, HadoopLz4 = 5;
        if (chunk.Codec is < 0 or Lzo or HadoopLz4 or > 7) throw new NotSupportedException($"the compression {Codec(chunk.Codec)} is not known; use zstd or snappy");
        long at = chunk.Start;
        for (long values = 0; values < chunk.Values;)
        {
            Header page = Read(ref at);
            if (page.Packed < 0 || page.Unpacked < 0 || page.Values < 0 || page.Levels < 0 || page.Levels > page.Packed || page.Packed > end - at)
                throw new FormatException("a page reaches beyond the end of the pages");
            // Read by Parquet.Net before it looks at the number of values, so that is held within bounds as well.
            if (page.Values > ParquetRecords.MaxValues) throw new FormatException($"a page of {page.Values} values");
            if (page.Encoding == RunLength && chunk.Type == ParquetType.Boolean)
                throw new NotSupportedException("truth values in run-length encoding cannot be read; write data pages of version 1");
            if (page.Kind == PageKind.DataV2 && repeated)
                throw new NotSupportedException("lists in data pages of version 2 cannot be read; write version 1 (in pyarrow: data_page_version=\"1.0\")");
            long bytes = Math.Max(page.Unpacked, Promised(chunk.Codec, at + page.Levels, page.Packed - page.Levels));
            _group += bytes;
            _all += bytes;
            if (_group > maxBytes) throw new FormatException($"unpacked, the row group is larger than {maxBytes >> 20} MiB");
            // Many row groups may claim the same few pages.
            if (_all > UnpackedStream.Free && _all > UnpackedStream.MaxRatio * end)
                throw new FormatException($"it unpacks to more than {UnpackedStream.MaxRatio} times the size of the file");
            if (page.Kind != PageKind.Dictionary) values += page.Values;
            if (values > chunk.Values) throw new FormatException("the pages hold more values than the column");
            at += page.Packed;
        }
        return at;
    }

    private Header Read(ref long at)
    {
        foreach (int size in s_headerSizes)
        {
            byte[] bytes = Peek(at, size);
            try
            {
                ThriftReader reader = new(bytes);
                Header header = Parse(ref reader);
                at += reader.Position;
                return header;
            }
            catch (ThriftEndException) when (bytes.Length == size)
            {
            }
        }
        throw new FormatException("a page header has no end");
    }

    private static Header Parse(ref ThriftReader reader)
    {
        (int kind, int unpacked, int packed, Description? description) = (-1, -1, -1, null);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) kind = reader.Int32();
            else if (id == 2) unpacked = reader.Int32();
            else if (id == 3) packed = reader.Int32();
            else if (id is 5 or 7 or 8) description = Describe(ref reader, (PageKind)(id == 8 ? 3 : id == 7 ? 2 : 0));
            else reader.Skip();
        }
        return description is { } d && kind == (int)d.Kind
            ? new Header(d.Kind, packed, unpacked, d.Values, d.Encoding, d.Levels)
            : throw new FormatException($"a page of kind {kind}");
    }

    /// <summary>
    /// DataPageHeader, DictionaryPageHeader: 1 values, 2 encoding. DataPageHeaderV2: 1 values, 4 encoding, 5 and 6 bytes of
    /// the levels, which stand unpacked in front, 7 whether the rest is packed.
    /// </summary>
    private static Description Describe(ref ThriftReader reader, PageKind kind)
    {
        reader.RequireStruct();
        (int values, int encoding, int levels) = (-1, 0, 0);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) values = reader.Int32();
            else if (id == (kind == PageKind.DataV2 ? 4 : 2)) encoding = reader.Int32();
            else if (kind == PageKind.DataV2 && id is (5 or 6)) levels += reader.Int32();
            else reader.Skip();
        }
        return new Description(kind, values, encoding, levels);
    }

    /// <summary>What the packed bytes themselves say of their size, where Parquet.Net goes by that and not by the header.</summary>
    private long Promised(int codec, long at, int packed)
    {
        const int Snappy = 1, Zstd = 6;
        if (packed == 0) return 0;
        if (codec == Snappy) return SnappySize(Peek(at, Math.Min(packed, 5)));
        if (codec != Zstd) return 0;
        if (packed > maxBytes) return long.MaxValue / 2;
        ulong size = ZstdSharp.Decompressor.GetDecompressedSize(Peek(at, packed));
        return (long)Math.Min(size, long.MaxValue / 2);
    }

    private static long SnappySize(byte[] start)
    {
        long size = 0;
        for (int i = 0; i < start.Length; i++)
        {
            size |= (long)(start[i] & 0x7F) << (7 * i);
            if (start[i] < 0x80) break;
        }
        return size;
    }

    private byte[] Peek(long at, int count)
    {
        if (at < 4 || at >= end) throw new FormatException("a page begins where no pages are");
        byte[] bytes = new byte[(int)Math.Min(count, end - at)];
        file.Position = at;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static string Codec(int codec) => codec switch { 3 => "LZO", 5 => "LZ4 of Hadoop", _ => $"{codec}" };

    private enum PageKind { Data = 0, Dictionary = 2, DataV2 = 3 }

    private readonly record struct Description(PageKind Kind, int Values, int Encoding, int Levels);

    private readonly record struct Header(PageKind Kind, int Packed, int Unpacked, int Values, int Encoding, int Levels);
}
