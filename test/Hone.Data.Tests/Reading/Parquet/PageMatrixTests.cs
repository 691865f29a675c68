using System.Text.Json;

namespace Hone.Data.Tests;

/// <summary>
/// The same rows in pages of every codec and version, dictionary or not, packed or left unpacked where that is shorter. Written by
/// parquet-wasm 0.8.0 (the Rust writer of Apache Arrow) in row groups of 10 rows and pages of about 300 bytes; columns: lists of
/// structs, nullable numbers, truth values, 64-bit numbers, lists of texts, texts that do not shrink.
/// </summary>
public sealed class PageMatrixTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Reading/fixtures/pages");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.parquet").Select(f => Path.GetFileName(f)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_codec_version_and_form_of_page_gives_the_same_rows(string file)
    {
        string[] expected = [.. DataReader.ReadObjects(Path.Combine(Folder, "rows.jsonl")).Select(Text)];
        Assert.Equal(24, expected.Length);
        Assert.Equal(expected, DataReader.ReadObjects(Path.Combine(Folder, file)).Select(Text));
        DataReport report = new(file);
        Assert.Equal(24, DataReader.ReadSft(Path.Combine(Folder, file), report).Count());
    }

    [Fact]
    public void Every_pair_of_codec_and_version_is_there() => Assert.Equal(
        new[] { "none", "snappy", "gzip", "brotli", "zstd", "lz4raw" }.SelectMany(c => new[] { $"{c}-v1-dict", $"{c}-v2", $"{c}-v2-dict" })
            .Order(),
        Directory.GetFiles(Folder, "*.parquet").Select(Path.GetFileNameWithoutExtension).Order());

    [Fact]
    public void Frames_of_Hadoops_LZ4_are_unpacked()
    {
        byte[] text = [.. Enumerable.Range(0, 2000).Select(i => (byte)(i % 50))], block = new byte[3000];
        int packed = K4os.Compression.LZ4.LZ4Codec.Encode(text, block);
        byte[] framed = [0, 0, (byte)(text.Length >> 8), (byte)text.Length, 0, 0, (byte)(packed >> 8), (byte)packed, .. block[..packed]];
        foreach (byte[] form in new[] { framed, block[..packed] })
        {
            byte[] unpacked = new byte[text.Length];
            ParquetCodec.Unpack(5, form, unpacked);
            Assert.Equal(text, unpacked);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void A_page_that_unpacks_to_another_length_is_damaged(int codec)
    {
        Exception e = Assert.ThrowsAny<Exception>(() => ParquetCodec.Unpack(codec, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], new byte[33]));
        Assert.True(e is FormatException or InvalidDataException or InvalidOperationException or IOException, e.GetType().Name);
    }

    private static string Text(JsonElement row) => JsonSerializer.Serialize(row);
}
