using System.Text;

namespace Hone.Data.Tests;

/// <summary>Each kind of wrong input with its whole message.</summary>
public class WrongInputTests
{
    private const string Layouts =
        "Layouts of prompts: prompts as context_messages (context_messages); prompts as messages (messages); prompts as prompt (prompt).";

    private const string SftLayouts =
        "Layouts of conversations: messages (messages); ShareGPT (conversations); Alpaca (instruction, output); "
        + "prompt and completion (prompt, completion); plain text (text).";

    [Theory]
    [InlineData("{\"prompt\": \"a\"}\n{\"prompt\": \"b\"\n", ":2: broken JSON at character 15: Expected depth to be zero at the end of the "
        + "JSON payload. There is an open JSON object or array that should be closed.\n  Each line must be one complete JSON object.")]
    [InlineData("{\"text\": \"a\"}\n", ":1: no known layout of prompts has the columns `text`\n  " + Layouts)]
    [InlineData("{\"prompt\": \"a\"}\n{\"prmpt\": \"b\"}\n",
        ":2: column `prompt` is missing\n  The row has the columns `prmpt`; the first row was prompts as prompt (prompt).")]
    [InlineData("{\"prompt\": \"a\"}\n{\"prompt\": 7}\n", ":2: column `prompt` is a number, not text or a list\n  The row has the columns "
        + "`prompt`; the first row was prompts as prompt (prompt).")]
    [InlineData("{\"prompt\": \"a\"}\n{\"messages\": []}\n", ":2: mixed layouts: this row is prompts as messages (messages), the first row "
        + "was prompts as prompt (prompt)\n  Put each layout into a file of its own.")]
    [InlineData("", ": the file is empty\n  Was it copied or downloaded completely?")]
    [InlineData("\n", ": the file has no rows")]
    public void Broken_json_unknown_layouts_and_mixed_types(string content, string message) =>
        Check("rows.jsonl", Encoding.UTF8.GetBytes(content), message);

    [Fact]
    public void Text_that_is_not_utf8() => Check("rows.jsonl", [.. "{\"prompt\": \"caf"u8, 0xE9, .. "\"}"u8],
        ": not UTF-8: the byte at offset 15 does not belong to any character\n  Save the file as UTF-8, for example with: "
            + "iconv -f LATIN1 -t UTF-8 OLD > NEW");

    [Fact]
    public void A_kind_of_file_that_is_not_known() => Check("rows.xlsx", [.. "prompt\na\n"u8],
        ": `.xlsx` is not a known kind of data file\n  Convert it to one of .jsonl, .ndjson, .json, .csv, .txt, .parquet.");

    [Fact]
    public void Parquet_within_gzip() => Check("rows.parquet.gz", [],
        ": `.parquet.gz` is not a known kind of data file\n  Convert it to one of .jsonl, .ndjson, .json, .csv, .txt, .parquet.");

    [Fact]
    public void A_missing_column_names_those_that_are_there() =>
        Assert.EndsWith($"rows.json:1: column `output` is missing; the row has the columns `instruction`, `answer`\n  {SftLayouts}",
            TestRows.Refused("""{"instruction": "q", "answer": "a"}""", DataReader.ReadSft).Message);

    /// <summary>A line of 1 GiB without an end, generated while it is read: refused after 64 MiB.</summary>
    [Fact]
    public void A_line_of_a_gibibyte_is_refused_in_bounded_memory()
    {
        using EndlessLine stream = new(1L << 30);
        long before = GC.GetAllocatedBytesForCurrentThread();
        InputException e = Assert.Throws<InputException>(() => JsonRecords.Read(stream, "rows.jsonl").Count());
        Assert.Equal("rows.jsonl:1: a row is longer than 64 MiB\n  Is this a file of rows (one JSON object per line, or an array)?",
            e.Message);
        Assert.InRange(stream.Given, 64 << 20, 65 << 20);
        // The buffer doubles from 64 KiB to 64 MiB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 160 << 20);
    }

    private static void Check(string name, byte[] content, string message)
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder.File(name), content);
        Assert.Equal(folder.File(name) + message,
            Assert.Throws<InputException>(() => DataReader.ReadPrompts(folder.File(name), new DataReport("x")).Count()).Message);
    }

    private sealed class EndlessLine(long length) : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, length - Given);
            buffer[..count].Fill((byte)'a');
            if (Given == 0 && count > 0) "{\"prompt\": \""u8.CopyTo(buffer);
            Given += count;
            return count;
        }
    }
}
