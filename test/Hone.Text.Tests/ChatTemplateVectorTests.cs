using System.Text.Json;

namespace Hone.Text.Tests;

/// <summary>Texts that Python's Jinja2 printed, with transformers' settings.</summary>
public sealed class ChatTemplateVectorTests
{
    private static readonly TimeProvider s_clock = new FixedClock(new DateTimeOffset(2025, 7, 10, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Published_renderings_are_exact()
    {
        List<string> wrong = [];
        List<JsonElement> rows = VectorFile.Read("chat_template_vectors.jsonl");
        foreach (JsonElement row in rows) Compare(row, row.Text("name"), row.Text("template"), wrong);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(42, rows.Count);
    }

    [Fact]
    public void Renderings_of_real_templates_are_exact_and_refusals_too()
    {
        List<string> wrong = [];
        List<JsonElement> rows = VectorFile.Read("chat_template_oracle.jsonl");
        foreach (JsonElement row in rows)
        {
            string file = SharedData.Require(row.Text("template_file"));
            Compare(row, $"{Path.GetFileName(file)} {row.Text("case")}", File.ReadAllText(file), wrong);
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(71, rows.Count);
        Assert.Equal(6, rows.Count(r => r.GetProperty("expected_error").ValueKind == JsonValueKind.String));
    }

    [Fact]
    public void Engine_rows_are_exact()
    {
        List<string> wrong = [];
        List<JsonElement> rows = VectorFile.Read("jinja_conformance.jsonl");
        foreach (JsonElement row in rows) Compare(row, row.Text("name"), row.Text("template"), wrong);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(60, rows.Count);
    }

    [Fact]
    public void Where_javascript_differs_python_is_followed()
    {
        List<string> wrong = [];
        int rows = 0;
        foreach (JsonElement row in VectorFile.Read("jinja_js_specific.jsonl"))
        {
            // Python raises on these; Hone prints lists where Python has generators, and may raise too.
            if (row.Text("jinja2_output").Contains("Error(", StringComparison.Ordinal)) continue;
            Compare(row, row.Text("name"), row.Text("template"), wrong, expected: "jinja2_output");
            rows++;
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(48, rows);
    }

    private static void Compare(JsonElement row, string name, string template, List<string> wrong, string expected = "expected")
    {
        string? error = row.TryGetProperty("expected_error", out JsonElement e) ? e.GetString() : null;
        Dictionary<string, object?> data = row.GetProperty("data").EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
        try
        {
            string text = ChatTemplate.Parse(template, s_clock).Render(data);
            if (error is not null) wrong.Add($"{name}: should fail with {error}");
            else if (text != row.Text(expected)) wrong.Add($"{name}:\n  expected {row.Text(expected)}\n  actual   {text}");
        }
        catch (InputException failure)
        {
            // The oracle prints TemplateError('message').
            string message = error is null ? "" : error[(error.IndexOf('\'') + 1)..error.LastIndexOf('\'')];
            if (error is null || !failure.Message.Contains(message, StringComparison.Ordinal)) wrong.Add($"{name}: {failure.Message}");
        }
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
