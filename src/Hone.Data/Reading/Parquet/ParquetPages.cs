using System.Buffers;
using System.Buffers.Binary;

namespace Hone.Data;

/// <summary>
/// The pages of a column, checked and brought into one form: data pages of version 1, not packed, truth values one bit each.
/// Parquet.Net, which decodes them, knows neither lists in pages of version 2, nor pages of version 2 that are not packed in a
/// packed column, nor truth values in run-length encoding. Source: apache/parquet-format, <c>parquet.thrift</c>, PageHeader.
/// </summary>
internal sealed class ParquetPages(Stream file, long end, long maxBytes)
{
    private const int Plain = 0, RunLength = 3;

    // Headers may hold the least and the greatest value of the page, which are texts.
    private static readonly int[] s_headerSizes = [1 << 9, 1 << 16, 1 << 24];

    private long _group;
    private long _all;

    /// <summary>Begins a row group; the limit on bytes holds for each.</summary>
    public void NextGroup() => _group = 0;

    /// <summary>The pages of one column chunk. Sizes are checked before anything is unpacked.</summary>
    /// <exception cref="FormatException">They are damaged, or unpacked larger than allowed.</exception>
    /// <exception cref="NotSupportedException">They are written in a way that cannot be read.</exception>
    public ReadOnlyMemory<byte> Read(ParquetChunk chunk, ParquetNode node)
    {
        ParquetCodec.RequireKnown(chunk.Codec);
        List<(Header Header, long Data)> pages = Check(chunk);
        ArrayBufferWriter<byte> plain = new((int)Math.Min(pages.Sum(p => (long)p.Header.Unpacked + 64), maxBytes));
        foreach ((Header header, long data) in pages) Write(plain, header, Peek(data, header.Packed), chunk, node);
        return plain.WrittenMemory;
    }

    private List<(Header Header, long Data)> Check(ParquetChunk chunk)
    {
        List<(Header, long)> pages = [];
        long at = chunk.Start;
        for (long values = 0; values < chunk.Values;)
        {
            Header page = Next(ref at);
            if (page.Packed < 0 || page.Unpacked < 0 || page.Values < 0 || page.DefinitionBytes < 0 || page.RepetitionBytes < 0
                || page.Levels > page.Packed || page.Levels > page.Unpacked || page.Packed > end - at)
                throw new FormatException("a page reaches beyond the end of the pages");
            // Read by Parquet.Net before it looks at the number of values, so that is held within bounds as well.
            if (page.Values > ParquetRecords.MaxValues) throw new FormatException($"a page of {page.Values} values");
            _group += page.Unpacked;
            _all += page.Unpacked;
            if (_group > maxBytes) throw new FormatException($"unpacked, the row group is larger than {maxBytes >> 20} MiB");
            // Many row groups may claim the same few pages.
            if (_all > UnpackedStream.Free && _all > UnpackedStream.MaxRatio * end)
                throw new FormatException($"it unpacks to more than {UnpackedStream.MaxRatio} times the size of the file");
            if (page.Kind != PageKind.Dictionary) values += page.Values;
            if (values > chunk.Values) throw new FormatException("the pages hold more values than the column");
            pages.Add((page, at));
            at += page.Packed;
        }
        return pages;
    }

    private static void Write(ArrayBufferWriter<byte> plain, Header page, byte[] packed, ParquetChunk chunk, ParquetNode node)
    {
        // Levels of version 2 stand unpacked in front.
        byte[] values = new byte[page.Unpacked - page.Levels];
        ParquetCodec.Unpack(page.IsPacked ? chunk.Codec : ParquetCodec.None, page.Levels == 0 ? packed : packed[page.Levels..], values);
        if (page.Kind == PageKind.Dictionary)
        {
            WriteHeader(plain, PageKind.Dictionary, values.Length, page.Values, page.Encoding);
            plain.Write(values);
            return;
        }
        // Writers name the older form also for levels that are not there.
        if ((node.Definition > 0 && page.DefinitionEncoding != RunLength) || (node.Repetition > 0 && page.RepetitionEncoding != RunLength))
            throw new NotSupportedException("levels in the older bit-packed encoding cannot be read");
        byte[] levels = [];
        if (page.Kind == PageKind.DataV2)
        {
            levels = [
                .. node.Repetition > 0 ? WithLength(packed.AsSpan(0, page.RepetitionBytes)) : [],
                .. node.Definition > 0 ? WithLength(packed.AsSpan(page.RepetitionBytes, page.DefinitionBytes)) : [],
            ];
        }
        int encoding = page.Encoding;
        if (encoding == RunLength && chunk.Type == ParquetType.Boolean)
        {
            int before = page.Kind == PageKind.Data ? LevelBytes(values, node) : 0;
            values = [.. values.AsSpan(0, before), .. Bits(values.AsSpan(before))];
            encoding = Plain;
        }
        // A page of nulls alone may leave out even the width of its dictionary's indices.
        if (values.Length == 0) encoding = Plain;
        WriteHeader(plain, PageKind.Data, levels.Length + values.Length, page.Values, encoding);
        plain.Write(levels);
        plain.Write(values);
    }

    private static void WriteHeader(ArrayBufferWriter<byte> plain, PageKind kind, int bytes, int values, int encoding)
    {
        ThriftWriter header = new();
        header.BeginStruct();
        header.Int32(1, (int)kind);
        header.Int32(2, bytes);
        header.Int32(3, bytes);
        header.BeginStruct(kind == PageKind.Dictionary ? 7 : 5);
        header.Int32(1, values);
        header.Int32(2, encoding);
        if (kind == PageKind.Data)
        {
            header.Int32(3, RunLength);
            header.Int32(4, RunLength);
        }
        header.EndStruct();
        header.EndStruct();
        plain.Write(header.ToArray());
    }

    private static byte[] WithLength(ReadOnlySpan<byte> bytes)
    {
        byte[] framed = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(framed, bytes.Length);
        bytes.CopyTo(framed.AsSpan(4));
        return framed;
    }

    /// <summary>Bytes of the levels in front of a page of version 1, each kind with its length.</summary>
    private static int LevelBytes(ReadOnlySpan<byte> page, ParquetNode node)
    {
        int at = 0;
        foreach (int most in (int[])[node.Repetition, node.Definition])
            if (most > 0) at += 4 + Length(page, at);
        return at;
    }

    /// <summary>
    /// Truth values in run-length encoding (a length, then runs and groups of 8 bits), one bit each, the lowest first. Source:
    /// apache/parquet-format, <c>Encodings.md</c>, RLE/bit-packing hybrid, width 1.
    /// </summary>
    private static byte[] Bits(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length == 0) return [];
        ReadOnlySpan<byte> runs = encoded.Slice(4, Length(encoded, 0));
        List<bool> bits = [];
        for (int at = 0; at < runs.Length;)
        {
            uint run = 0;
            for (int shift = 0; ; shift += 7)
            {
                if (at == runs.Length || shift > 28) throw new FormatException("a run of truth values has no end");
                byte next = runs[at++];
                run |= (uint)(next & 0x7F) << shift;
                if (next < 0x80) break;
            }
            int count = (int)(run >> 1), bytes = (run & 1) == 1 ? count : 1;
            if (bytes > runs.Length - at || bits.Count + ((run & 1) == 1 ? 8L * count : count) > ParquetRecords.MaxValues + 8)
                throw new FormatException("a run of truth values is longer than its page");
            if ((run & 1) == 0) bits.AddRange(Enumerable.Repeat((runs[at] & 1) == 1, count));
            else for (int i = 0; i < 8 * count; i++) bits.Add((runs[at + (i / 8)] >> (i % 8) & 1) == 1);
            at += bytes;
        }
        byte[] plain = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++) if (bits[i]) plain[i / 8] |= (byte)(1 << (i % 8));
        return plain;
    }

    private static int Length(ReadOnlySpan<byte> page, int at)
    {
        if (at + 4 > page.Length) throw new FormatException("a page ends within its levels");
        int length = BinaryPrimitives.ReadInt32LittleEndian(page[at..]);
        return length >= 0 && length <= page.Length - at - 4 ? length : throw new FormatException("the levels of a page reach beyond it");
    }

    private Header Next(ref long at)
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
        (int kind, int unpacked, int packed, Header? description) = (-1, -1, -1, null);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) kind = reader.Int32();
            else if (id == 2) unpacked = reader.Int32();
            else if (id == 3) packed = reader.Int32();
            else if (id is 5 or 7 or 8) description = Describe(ref reader, (PageKind)(id == 8 ? 3 : id == 7 ? 2 : 0));
            else reader.Skip();
        }
        return description is { } d && kind == (int)d.Kind
            ? d with { Packed = packed, Unpacked = unpacked }
            : throw new FormatException($"a page of kind {kind}");
    }

    /// <summary>
    /// DataPageHeader, DictionaryPageHeader: 1 values, 2 encoding, 3 and 4 encodings of the levels. DataPageHeaderV2: 1 values, 4
    /// encoding, 5 and 6 bytes of the levels, 7 whether the rest is packed (it is where that is not said).
    /// </summary>
    private static Header Describe(ref ThriftReader reader, PageKind kind)
    {
        reader.RequireStruct();
        bool v2 = kind == PageKind.DataV2;
        Header header = new(kind, 0, 0, Values: -1, Encoding: Plain, DefinitionBytes: 0, RepetitionBytes: 0, IsPacked: true);
        for (int id = 0; reader.Next(ref id);)
        {
            if (id == 1) header = header with { Values = reader.Int32() };
            else if (id == (v2 ? 4 : 2)) header = header with { Encoding = reader.Int32() };
            else if (kind == PageKind.Data && id == 3) header = header with { DefinitionEncoding = reader.Int32() };
            else if (kind == PageKind.Data && id == 4) header = header with { RepetitionEncoding = reader.Int32() };
            else if (v2 && id == 5) header = header with { DefinitionBytes = reader.Int32() };
            else if (v2 && id == 6) header = header with { RepetitionBytes = reader.Int32() };
            else if (v2 && id == 7) header = header with { IsPacked = reader.Flag() };
            else reader.Skip();
        }
        return header;
    }

    private byte[] Peek(long at, int count)
    {
        if (at < 4 || at >= end && count > 0) throw new FormatException("a page begins where no pages are");
        byte[] bytes = new byte[(int)Math.Min(count, end - at)];
        file.Position = at;
        file.ReadExactly(bytes);
        return bytes;
    }

    private enum PageKind { Data = 0, Dictionary = 2, DataV2 = 3 }

    private readonly record struct Header(
        PageKind Kind, int Packed, int Unpacked, int Values, int Encoding, int DefinitionBytes, int RepetitionBytes, bool IsPacked)
    {
        public int DefinitionEncoding { get; init; } = RunLength;

        public int RepetitionEncoding { get; init; } = RunLength;

        /// <summary>
        /// Bytes of the levels, which stand in front of the values in version 2. Of two numbers from outside: no
        /// overflow.
        /// </summary>
        public int Levels => (int)Math.Min((long)DefinitionBytes + RepetitionBytes, int.MaxValue);
    }
}
