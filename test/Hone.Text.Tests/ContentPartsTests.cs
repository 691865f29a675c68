using Hone.Text.Chat;

namespace Hone.Text.Tests;

public sealed class ContentPartsTests
{
    private static readonly Dictionary<string, object?> s_parts = new()
    {
        ["role"] = "user",
        ["content"] = new List<object?>
        {
            new Dictionary<string, object?> { ["type"] = "text", ["text"] = "one" },
            new Dictionary<string, object?> { ["type"] = "text", ["text"] = "two" },
        },
    };

    [Theory]
    [InlineData("{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}", "user: one\ntwo")]
    [InlineData("{% for m in messages %}{{ m.role }}: {{ m['content'] | trim }}{% endfor %}", "user: one\ntwo")]
    [InlineData("{% for m in messages %}{{ m.role + m.content }}{% endfor %}", "userone\ntwo")]
    [InlineData("{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}", "[one][two]")]
    public void Parts_of_text_reach_no_prompt_as_Python_prints_them(string source, string text)
    {
        ChatTemplate template = ChatTemplate.Parse(source);
        Assert.Equal(text, template.Render(new Dictionary<string, object?> { ["messages"] = ContentParts.Fit([s_parts], template) }));
    }

    [Fact]
    public void Parts_that_are_not_text_are_refused_by_name_whatever_the_template_does()
    {
        var part = new Dictionary<string, object?> { ["type"] = "image" };
        var image = new Dictionary<string, object?> { ["role"] = "user", ["content"] = new List<object?> { part } };
        foreach (string source in new[] { "{{ messages[0].content }}", "{% for p in messages[0].content %}{{ p.text }}{% endfor %}" })
            Assert.Contains("`image`",
                Assert.Throws<InputException>(() => ContentParts.Fit([image], ChatTemplate.Parse(source))).Message,
                StringComparison.Ordinal);
    }
}
