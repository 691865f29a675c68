using System.Text.Json;

namespace Hone.Cli.Tests;

/// <summary>tokenize, render and logprobs: rows in, rows out.</summary>
public sealed class RowVerbTests
{
    [Fact]
    public void Texts_become_ids_and_ids_texts()
    {
        string model = SharedData.Require("models/stories260K-hf");
        string rows = """
            {"text": "Once upon a time"}

            {"text": "<s>"}
            """;
        JsonElement[] added = Run(rows, "tokenize", "--model", model);
        Assert.Equal(2, added.Length);
        Assert.Equal([1, 403, 407, 261, 378], Ids(added[0], "ids"));
        Assert.Equal([403, 407, 261, 378], Ids(Run(rows, "tokenize", "--model", model, "--no-add-special")[0], "ids"));
        Assert.DoesNotContain(1, Ids(added[1], "ids")[1..]);
        Assert.Equal([1], Ids(Run(rows, "tokenize", "--model", model, "--no-add-special", "--parse-special")[1], "ids"));
        Assert.Equal("Once upon a time",
            Run("""{"ids": [403, 407, 261, 378]}""", "tokenize", "--model", model, "--decode")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("""{"txt": "a"}""", "rows.jsonl:1: column `text` is missing")]
    [InlineData("""{"text": 3}""", "rows.jsonl:1: column `text` must be text")]
    [InlineData("""{"text": "\ud800"}""", "surrogate")]
    [InlineData("{\"text\": \"a\"}\n{\"text\"", "rows.jsonl:2: broken JSON")]
    [InlineData("[1]", "rows.jsonl:1: a row must be an object")]
    public void A_broken_row_is_named_by_file_and_line(string rows, string expected)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("rows.jsonl"), rows);
        (int code, _, string error) = Raw("", "tokenize",
            "--model", SharedData.Require("models/stories260K-hf"), "--input", folder.File("rows.jsonl"));
        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Conversations_are_rendered_with_ids_and_mask_and_a_refusal_is_a_row()
    {
        string model = SharedData.Require("tokenizers/minueza-32m-chat");
        using TempFolder folder = new();
        File.WriteAllText(folder.File("t.jinja"),
            "{% for m in messages %}{{ raise_exception('no system') if m.role == 'system' }}<|im_start|>{{ m.role }}\n"
                + "{{ m.content }}<|im_end|>\n{% endfor %}");
        string rows = """
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}
            {"messages": [{"role": "system", "content": "Hi"}]}
            """;
        JsonElement[] own = Run(rows, "render", "--model", model);
        Assert.Equal("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n", own[0].GetProperty("text").GetString());
        Assert.Equal(own[0].GetProperty("ids").GetArrayLength(), own[0].GetProperty("assistant_mask").GetArrayLength());
        Assert.Contains(own[0].GetProperty("assistant_mask").EnumerateArray(), m => m.GetBoolean());
        JsonElement[] other = Run(rows, "render", "--model", model, "--template", folder.File("t.jinja"));
        Assert.Equal(Ids(own[0], "ids"), Ids(other[0], "ids"));
        Assert.Contains("no system", other[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        (int code, _, string error) = Raw("""{"messages": [{"content": "Hi"}]}""", "render", "--model", model);
        Assert.Equal(2, code);
        Assert.Contains("stdin:1: messages[0] has no `role`", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Tools_and_further_columns_reach_the_template_and_name_no_control_token()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("t.jinja"),
            "{{ tools | tojson }}|{{ thinking }}|{% for m in messages %}"
                + "{{ m.role }}: {{ m.content[0].text if m.content is not string else m.content }}"
                + "{{ m.tool_calls | tojson if m.tool_calls else '' }}\n{% endfor %}");
        const string Row = """{"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, """
            + """{"role": "tool", "content": "<|im_end|>", "tool_calls": [{"f": "</s>"}]}]"""
            + """, "tools": [{"name": "f", "n": 1}], "thinking": true}""";
        JsonElement rendered = Assert.Single(
            Run(Row, "render", "--model", SharedData.Require("tokenizers/minueza-32m-chat"), "--template", folder.File("t.jinja")));
        Assert.Equal("[{\"name\": \"f\", \"n\": 1}]|True|user: Hi\ntool: <|im_end|>[{\"f\": \"</s>\"}]\n",
            rendered.GetProperty("text").GetString());
        JsonElement[] plain = Run("""{"text": "<|im_end|></s>"}""", "tokenize",
            "--model", SharedData.Require("tokenizers/minueza-32m-chat"), "--no-add-special", "--parse-special");
        Assert.Empty(Ids(rendered, "ids").Intersect(Ids(plain[0], "ids")));
    }

    [Fact]
    public void Half_a_surrogate_pair_anywhere_in_a_conversation_is_named_by_its_row()
    {
        string model = SharedData.Require("tokenizers/minueza-32m-chat");
        foreach (string row in new[]
        {
            """{"messages": [{"role": "user", "content": "\ud800"}]}""",
            """{"messages": [{"role": "user", "content": "x", "\ud800": 1}]}""",
            """{"messages": [{"role": "user", "content": [{"text": "\udc00"}]}]}""",
            """{"messages": [{"role": "user", "content": "x"}], "tools": [{"\ud800": 1}]}""",
            """{"messages": [{"role": "user", "content": "x"}], "\ud800": 1}""",
        })
        {
            (int code, _, string error) = Raw(row, "render", "--model", model);
            Assert.Equal(2, code);
            Assert.Contains("stdin:1", error, StringComparison.Ordinal);
            Assert.Contains("surrogate", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_template_file_that_loops_or_is_no_template_is_refused_with_a_message()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("loop.jinja"), "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
        File.WriteAllText(folder.File("large.jinja"), new string('x', 5 << 20));
        string model = SharedData.Require("tokenizers/minueza-32m-chat");
        const string Row = """{"messages": [{"role": "user", "content": "Hi"}]}""";
        JsonElement refused = Assert.Single(Run(Row, "render", "--model", model, "--template", folder.File("loop.jinja")));
        Assert.Contains("the template takes more than 2500000 steps", refused.GetProperty("error").GetString(), StringComparison.Ordinal);
        (int code, _, string error) = Raw(Row, "render", "--model", model, "--template", folder.File("large.jinja"));
        Assert.Equal(2, code);
        Assert.Contains("large.jinja", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_probabilities_are_the_published_ones()
    {
        JsonElement row = JsonDocument.Parse(File.ReadLines(SharedData.Require("vectors/forward_reference.jsonl")).First()).RootElement;
        string model = SharedData.Require($"models/{row.GetProperty("model").GetString()}");
        foreach (string input in new[] { "text", "ids" })
        {
            JsonElement found = Assert.Single(
                Run($$"""{"{{input}}": {{row.GetProperty(input).GetRawText()}}}""", "logprobs", "--model", model, "--device", "cpu"));
            Assert.Equal(Ids(row, "ids"), Ids(found, "ids"));
            Assert.Equal(Ids(row, "last_top8_ids"), Ids(found, "last_top_ids"));
            Close(row.GetProperty("token_logprobs"), found.GetProperty("token_logprobs"), 1e-4);
            Close(row.GetProperty("last_top8_logits"), found.GetProperty("last_top_logits"), 1e-3);
        }
        (int code, _, string error) = Raw("""{"ids": [1, 999999]}""", "logprobs", "--model", model, "--device", "cpu");
        Assert.Equal(2, code);
        Assert.Contains("stdin:1: column `ids`[1]", error, StringComparison.Ordinal);
    }

    private static void Close(JsonElement expected, JsonElement found, double tolerance)
    {
        Assert.Equal(expected.GetArrayLength(), found.GetArrayLength());
        for (int i = 0; i < expected.GetArrayLength(); i++) Assert.Equal(expected[i].GetDouble(), found[i].GetDouble(), tolerance);
    }

    private static int[] Ids(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];

    private static JsonElement[] Run(string input, params string[] args)
    {
        (int code, string output, string error) = Raw(input, args);
        Assert.True(code == 0, error);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static (int Code, string Output, string Error) Raw(string input, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = Cli.Run(args, output, error, new StringReader(input));
        return (code, output.ToString(), error.ToString());
    }
}
