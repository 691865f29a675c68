using System.Text.Json;

namespace Hone.Data.Tests;

/// <summary>Files of other writers, whose rows others have decoded; see published/README.md.</summary>
public class PublishedParquetTests
{
    [Fact]
    public void Nulls_at_every_level_are_where_hyparquet_has_them()
    {
        string[] columns = ["id", "int_array", "int_array_Array", "int_map", "int_Map_Array", "nested_struct"];
        JsonElement[] rows = Rows("nullable.impala.parquet");
        JsonElement expected = JsonElement.Parse(File.ReadAllBytes(PathOf("nullable.impala.json")));
        Assert.Equal(7, rows.Length);
        for (int r = 0; r < rows.Length; r++)
        {
            Assert.Equal(columns, rows[r].EnumerateObject().Select(p => p.Name));
            for (int c = 0; c < columns.Length; c++)
            {
                JsonElement value = rows[r].GetProperty(columns[c]);
                Assert.True(Same(expected[r][c], value), $"row {r + 1}, {columns[c]}: {expected[r][c]} is read as {value}");
            }
        }
    }

    // As the parquet-testing and Spark projects show them.
    [Fact]
    public void Lists_of_lists_of_lists()
    {
        Assert.Equal(
            [
                """[[["a","b"],["c"]],[null,["d"]]]""",
                """[[["a","b"],["c","d"]],[null,["e"]]]""",
                """[[["a","b"],["c","d"],["e"]],[null,["f"]]]""",
            ],
            Rows("nested_lists.snappy.parquet").Select(r => r.GetProperty("a").GetRawText()));
    }

    [Fact]
    public void Old_lists_of_two_levels() =>
        Assert.Equal("""{"a":[[1,2],[3,4]]}""", Assert.Single(Rows("old_list_structure.parquet")).GetRawText());

    [Fact]
    public void Conversations_as_pyarrow_writes_them()
    {
        JsonElement[][] rows = [.. Rows("struct_offset_index.parquet").Select(r => r.GetProperty("messages").EnumerateArray().ToArray())];
        Assert.Equal(20, rows.Length);
        Assert.All(rows, r => Assert.Equal(["user", "bot", "user"], r.Select(m => m.GetProperty("role").GetString())));
        // As hyparquet decodes them: row i has contents of 500 + 50 i, 600 + 50 i and 700 + 50 i letters.
        for (int i = 0; i < rows.Length; i++)
            Assert.Equal([500 + 50 * i, 600 + 50 * i, 700 + 50 * i], rows[i].Select(m => m.GetProperty("content").GetString()!.Length));

        InputException e =
            Assert.Throws<InputException>(() => DataReader.ReadSft(PathOf("struct_offset_index.parquet"), new DataReport("x")).Count());
        Assert.Equal($"{PathOf("struct_offset_index.parquet")}:row 1", e.Where);
        Assert.Contains("message 2 of `messages` has the role `bot`", e.Message);
    }

    private static JsonElement[] Rows(string file) => [.. DataReader.Records(PathOf(file)).Select(r => r.Value)];

    private static string PathOf(string file) => Path.Combine(AppContext.BaseDirectory, "Reading", "Parquet", "published", file);

    /// <summary>A map is an object there and a list of key and value here; hyparquet leaves fields that are null away.</summary>
    private static bool Same(JsonElement expected, JsonElement actual) => (expected.ValueKind, actual.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Array) => expected.EnumerateObject().Count() == actual.GetArrayLength()
            && actual.EnumerateArray()
                .All(e => expected.TryGetProperty(e.GetProperty("key").GetString()!, out JsonElement v) && Same(v, e.GetProperty("value"))),
        (JsonValueKind.Object, JsonValueKind.Object) => actual.EnumerateObject()
            .All(p => expected.TryGetProperty(p.Name, out JsonElement v) ? Same(v, p.Value) : p.Value.ValueKind == JsonValueKind.Null)
            && expected.EnumerateObject().All(p => actual.TryGetProperty(p.Name, out _)),
        (JsonValueKind.Array, JsonValueKind.Array) => expected.GetArrayLength() == actual.GetArrayLength()
            && expected.EnumerateArray().Zip(actual.EnumerateArray()).All(pair => Same(pair.First, pair.Second)),
        _ => expected.GetRawText() == actual.GetRawText(),
    };
}
