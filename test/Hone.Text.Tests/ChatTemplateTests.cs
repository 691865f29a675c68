namespace Hone.Text.Tests;

/// <summary>Where a template is found, and what it is given.</summary>
public sealed class ChatTemplateTests
{
    [Fact]
    public void The_jinja_file_beats_the_configuration()
    {
        using TempFolder folder = new();
        Assert.Null(ChatTemplate.TryLoad(folder.Path));
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"chat_template":"config"}""");
        Assert.Equal("config", ChatTemplate.TryLoad(folder.Path)!.Source);
        File.WriteAllText(folder.File("chat_template.jinja"), "file");
        Assert.Equal("file", ChatTemplate.TryLoad(folder.Path)!.Source);
    }

    [Fact]
    public void Named_templates_are_found_by_name()
    {
        using TempFolder folder = new();
        File.WriteAllText(
            folder.File("tokenizer_config.json"),
            """{"chat_template":[{"name":"default","template":"d"},{"name":"tool_use","template":"t"}]}""");
        Assert.Equal("d", ChatTemplate.TryLoad(folder.Path)!.Source);
        Assert.Equal("t", ChatTemplate.TryLoad(folder.Path, "tool_use")!.Source);
        InputException error = Assert.Throws<InputException>(() => ChatTemplate.TryLoad(folder.Path, "rag"));
        Assert.Contains("default, tool_use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_of_any_plain_kind_can_be_given()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ n + 1 }} {{ d.k[1] }} {{ f }} {{ none is none }} {{ messages[0].content }}{{ missing }}");
        string text = template.Render([ChatMessage.User("hi")], variables: new Dictionary<string, object?>
        {
            ["n"] = 1,
            ["d"] = new Dictionary<string, object?> { ["k"] = new List<object?> { "a", "b" } },
            ["f"] = 0.5,
            ["none"] = null,
        });
        Assert.Equal("2 b 0.5 True hi", text);
        Assert.Throws<ArgumentException>(
            () => template.Render([], variables: new Dictionary<string, object?> { ["x"] = new Uri("http://x") }));
    }

    [Theory]
    [InlineData(
        "{{ 1e16 }} {{ 1.5 }} {{ 1e-5 }} {{ 100.0 }} {{ 0.1 + 0.2 }} {{ 7 // -2 }} {{ -7 % 3 }} {{ 6 / 3 }}",
        "1e+16 1.5 1e-05 100.0 0.30000000000000004 -4 2 2.0")]
    [InlineData("{{ ['a', \"it's\", none, 1.0, (1,)] }} {{ {'k': 'v\\n'} }}", "['a', \"it's\", None, 1.0, (1,)] {'k': 'v\\n'}")]
    [InlineData("{{ '👍ab'[0] }}{{ '👍ab'|length }}{{ '👍ab'[::-1] }}", "👍3ba👍")]
    [InlineData("{{ [3,1,2][::-1] }}{{ [1,2,3,4][-3:-1] }}{{ 'abc'[5:] }}", "[2, 1, 3][2, 3]")]
    [InlineData("{% for a in [1,2,3] %}{% if a == 2 %}{% continue %}{% endif %}{{ a }}{% if loop.last %}!{% endif %}{% endfor %}", "13!")]
    [InlineData("{% set x = 1 %}{% for a in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set ns = namespace(x=1) %}{% for a in [1] %}{% set ns.x = 2 %}{% endfor %}{{ ns.x }}", "2")]
    [InlineData(
        "{% macro m(a, b='d') %}{{ a }}{{ b }}{{ caller() if caller }}{% endmacro %}{{ m(1) }}{% call m(2, b=3) %}C{% endcall %}", "1d23C")]
    [InlineData("{% set t %}a{{ 1 }}{% endset %}{{ t }}{% filter upper %}b{% endfilter %}", "a1B")]
    [InlineData(
        "{{ {'b': 1, 'a': [true, none]} | tojson }} {{ {'b': 'é<'} | tojson(indent=2) }}",
        "{\"b\": 1, \"a\": [true, null]} {\n  \"b\": \"é<\"\n}")]
    [InlineData("{{ [{'r':'a','v':1},{'r':'b','v':2}] | selectattr('r', 'equalto', 'b') | map(attribute='v') | list }}", "[2]")]
    [InlineData("{{ '%s is %d%% of %.1f' % ('x', 5, 2) }} {{ '{} {b}'.format(1, b=2) }}", "x is 5% of 2.0 1 2")]
    [InlineData("{{ 'a' if false }}|{{ x is defined }}|{{ x | default('d') }}|{{ 1 in [1] and 'a' not in 'bc' }}", "|False|d|True")]
    // Found by comparing 24,000 random templates with Jinja2 3.1.6.
    [InlineData(
        "{% set t = '👍<think>a</think>b' %}{{ t[t.find('</think>') + 8:] }} {{ t.find('b', 10) }} "
        + "{{ t.rfind('zz') }} {{ t.index('a') }}",
        "b 17 -1 8")]
    [InlineData(
        "{{ 'x'.ljust(3, '.') }}{{ '👍'.rjust(3) }}|{{ 'a'.center(4, '*') }}|{{ '-5'.zfill(4) }}|{{ 'aB'.swapcase() }}",
        "x..  👍|*a**|-005|Ab")]
    [InlineData("{{ 3 | round }} {{ 2.5 | round }} {{ true | round(1) }} {{ 7 | round(1, 'floor') }} {{ true | abs }}", "3 2.0 1 7.0 1")]
    [InlineData(
        "{{ 'a-b c_d 1.5' | wordcount }} {{ 'straße' | upper }} {{ {'a b': 'c&d', 'n': 1} | urlencode }} {{ [1, 2] | truncate(3) }}",
        "5 STRASSE a+b=c%26d&n=1 [1, 2]")]
    [InlineData(
        "{{ range(7) | slice(3) | list }} {{ range(4) | slice(3, 'x') | list }}",
        "[[0, 1, 2], [3, 4], [5, 6]] [[0, 1], [2, 'x'], [3, 'x']]")]
    [InlineData("a\n  {%- if true -%}  b  {%- endif %}\n  {% if true %}\n  c\n  {% endif %}\nd", "ab  c\nd")]
    [InlineData("{% raw %}{{ x }}{% endraw %}{# note #}", "{{ x }}")]
    // Integers have no bounds, and targets nest.
    [InlineData(
        "{{ 12345678901234567890123 }} {{ (-9223372036854775807 - 1) // -1 }} {{ 9223372036854775807 + 1 }}",
        "12345678901234567890123 9223372036854775808 9223372036854775808")]
    [InlineData(
        "{{ 2 ** 64 - 1 }} {{ -(2 ** 64) }} {{ (2 ** 70) // 7 }}", "18446744073709551615 -18446744073709551616 168655945816773043346")]
    [InlineData(
        "{{ -(2 ** 70) // 7 }} {{ -(2 ** 70) % 7 }} {{ (2 ** 70) % -7 }} {{ 2 ** 70 / 2 }}",
        "-168655945816773043347 5 -5 5.902958103587057e+20")]
    [InlineData(
        "{{ [2 ** 64, {2 ** 64: -1}] | tojson }} {{ [2 ** 64] }}",
        "[18446744073709551616, {\"18446744073709551616\": -1}] [18446744073709551616]")]
    [InlineData(
        "{{ {2 ** 64: 1}[18446744073709551616] }} {{ 2 ** 64 == 2 ** 64 }} {{ 2 ** 64 > 1 }} {{ '%d' % (2 ** 64) }}",
        "1 True True 18446744073709551616")]
    [InlineData(
        "{{ 2 ** 64 is integer }} {{ (2 ** 64) is integer }} {{ (2 ** 65 + 1) is odd }} {{ (2 ** 64) is divisibleby(3) }}",
        "2 True True False")]
    [InlineData(
        "{{ '123456789012345678901' | int + 1 }} {{ 1e20 | int }} {{ (2 ** 64) | float }} {{ -(2 ** 64) | abs }}",
        "123456789012345678902 100000000000000000000 1.8446744073709552e+19 18446744073709551616")]
    [InlineData(
        "{{ (2 ** 64) | round }} {{ [2 ** 64, 1] | sum }} {{ [2 ** 64, 1] | min }} {{ true and 2 ** 64 }}",
        "18446744073709551616 18446744073709551617 1 18446744073709551616")]
    [InlineData(
        "{% set (x, y) = (1, 2) %}{{ x }}{{ y }}{% set (p, (q, r)) = (1, (2, 3)) %}{{ p }}{{ q }}{{ r }}{% set (a,) = [3] %}{{ a }}",
        "121233")]
    [InlineData(
        "{% for (k, v) in {'a': 1}.items() %}{{ k }}{{ v }}{% endfor %}{% for i, (k, v) in [(0, ('a', 1))] %}{{ i }}{{ k }}{{ v }}{% "
        + "endfor %}", "a10a1")]
    [InlineData("{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}", "12")]
    [InlineData("{{ 'ab👍cd'[1:3] }}{{ 'abc'[-2:] }}{{ 'abc'[:-1] }}{{ 'abc'[2:1] }}|{{ 'abc'[-1] }}{{ 'abc'[5] }}", "b👍bcab|c")]
    public void Prints_what_python_prints(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template).Render([]));

    [Theory]
    [InlineData("{{ missing | int }}", "'missing' is undefined")]
    [InlineData("{{ missing | float }}", "'missing' is undefined")]
    [InlineData("{{ 3 | indent }}", "indent")]
    [InlineData("{{ 3 | truncate(1) }}", "no len()")]
    [InlineData("{{ ['a', 'b'] | groupby('r') }}", "no attribute 'r'")]
    [InlineData("{{ 'x'.ljust(3, '..') }}", "exactly one character")]
    public void Refuses_what_python_refuses(string template, string expected) =>
        Assert.Contains(
            expected, Assert.Throws<InputException>(() => ChatTemplate.Parse(template).Render([])).Message, StringComparison.Ordinal);

    [Fact]
    public void Integers_of_the_data_keep_all_their_digits()
    {
        const string Json = """{"big": 12345678901234567890123, "real": 1e400}""";
        using System.Text.Json.JsonDocument data = System.Text.Json.JsonDocument.Parse(Json);
        string text = ChatTemplate.Parse("{{ big }} {{ big + 1 }} {{ real }}").Render(
            new Dictionary<string, object?>
            {
                ["big"] = data.RootElement.GetProperty("big"), ["real"] = data.RootElement.GetProperty("real"),
            });
        Assert.Equal("12345678901234567890123 12345678901234567890124 inf", text);
    }
}
