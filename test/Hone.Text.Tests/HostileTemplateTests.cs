using System.Diagnostics;

namespace Hone.Text.Tests;

/// <summary>
/// A template is untrusted input: every bound ends in an <see cref="InputException"/>, soon, and nothing outside is reached.
/// </summary>
public sealed class HostileTemplateTests
{
    [Theory]
    // Megatron-LM 6818 and Haystack 9402: ranges that multiply.
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% for a in range(25000) %}{% for b in range(25000) %}x{% endfor %}{% endfor %}", "steps")]
    [InlineData("{{ range(1000000000) }}", "Range too big")]
    [InlineData("{{ range(-9223372036854775807, 9223372036854775807) }}", "Range too big")]
    [InlineData("{{ 'x' * 10**9 }}", "characters")]
    [InlineData("{{ 9223372036854775807 * 'xx' }}", "characters")]
    [InlineData("{{ [0] * 10**12 }}", "steps")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}", "template ")]
    [InlineData("{% set ns = namespace(s=[0]) %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "steps")]
    [InlineData("{{ 'x'.ljust(10**12) }}", "characters")]
    [InlineData("{{ 'x' | center(10**12) }}", "characters")]
    [InlineData("{{ '%999999999d' % 1 }}", "width")]
    [InlineData("{{ '%099999d' | format(1) }}", "width")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nest")]
    [InlineData("{% for a in [[1]] recursive %}{{ loop([a]) }}{% endfor %}", "nest")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}", "deep")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "deep")]
    [InlineData(
        "{% set ns = namespace(a=[], b=[]) %}{% for i in range(90000) %}{% set ns.a = [[ns.a]] %}{% set ns.b = [[ns.b]] %}{% endfor %}"
        + "{{ ns.a == ns.b }}", "deep")]
    [InlineData("{{ 10 ** 5000 }}", "too large")]
    [InlineData("{{ (10 ** 4000) * (10 ** 4000) }}", "too large")]
    [InlineData("{{ 2 ** (10 ** 10) }}", "too large")]
    [InlineData("{{ 1 // 0 }}", "zero")]
    [InlineData("{{ '{0.__class__}'.format(1) }}", "not supported")]
    [InlineData("{{ messages.append(1) }}", "unsafe")]
    [InlineData("{{ nothing.more }}", "'nothing' is undefined")]
    [InlineData("{{ 'x'.nothing() }}", "no attribute")]
    [InlineData("{{ 'x' | nothing }}", "No filter")]
    [InlineData("{{ 'x' is nothing }}", "No test")]
    public void Ends_in_an_error(string template, string expected)
    {
        Stopwatch watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        InputException error = Assert.Throws<InputException>(() => ChatTemplate.Parse(template).Render([ChatMessage.User("x")]));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 30);
    }

    private const string Big = "{% set s = 'x' * 2000000 %}", Loop = "{% for a in range(99999) %}", End = "{% endfor %}";
    private const string Tree =
        "{% set ns = namespace(a=[], b=[]) %}{% for i in range(60) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor "
        + "%}";

    /// <summary>A step is paid by the size of what it works on: no work is left that a template gets for nothing.</summary>
    [Theory]
    [InlineData(Big + "{% set d = {s: 1} %}" + Loop + "{% set x = d[s] %}" + End)]
    [InlineData(Big + Loop + "{% set d = {s: 1} %}" + End)]
    [InlineData(Big + Loop + "{% set x = dict(a=1).get(s) %}" + End)]
    [InlineData(Big + "{% set t = 'x' * 2000000 %}" + Loop + "{% set x = s == t %}" + End)]
    [InlineData(Big + "{% set t = 'x' * 2000000 %}" + Loop + "{% set x = s < t %}" + End)]
    [InlineData(Big + "{% set t = 'x' * 2000000 %}" + Loop + "{% set x = [s, t] | sort %}" + End)]
    [InlineData(Big + "{% set t = 'x' * 2000000 %}" + Loop + "{% set x = [s, t] | unique | list %}" + End)]
    [InlineData(Big + "{% set p = 'x' * 900000 ~ 'y' ~ 'x' * 900000 %}{% set x = s.find(p) %}")]
    [InlineData(Big + "{% set p = 'x' * 900000 ~ 'y' ~ 'x' * 900000 %}{% set x = p in s %}")]
    [InlineData(Big + "{% set p = 'x' * 900000 ~ 'y' ~ 'x' * 900000 %}{% set x = s.split(p) %}")]
    [InlineData(Big + "{% set p = 'x' * 900000 ~ 'y' ~ 'x' * 900000 %}{% set x = s | replace(p, '') %}")]
    [InlineData(Big + "{% set p = 'x' * 900000 ~ 'y' ~ 'x' * 900000 %}{% set x = s.rpartition(p) %}")]
    [InlineData(Big + "{% set x = s.strip('y' * 2000000 ~ 'x') %}")]
    [InlineData(Big + Loop + "{% set x = s % () %}" + End)]
    [InlineData(Big + Loop + "{% set x = s[0] %}" + End)]
    [InlineData(Big + Loop + "{% set x = s[1:] %}" + End)]
    [InlineData(Big + Loop + "{% set x = s | length %}{% set x = s | list %}" + End)]
    [InlineData("{% set s = 'a\n' * 1000000 %}" + Loop + "{% set x = s.splitlines() %}" + End)]
    [InlineData("{% set s = 'a\n' * 1000000 %}" + Loop + "{% set x = s | indent %}" + End)]
    [InlineData("{% set s = '<' * 2000000 %}" + Loop + "{% set x = s | e %}" + End)]
    [InlineData("{% set s = '\x01' * 2000000 %}" + Loop + "{% set x = s | tojson %}" + End)]
    [InlineData(Loop + "{% set x = [1] | batch(100000, 'x') | list %}" + End)]
    [InlineData(Loop + "{% set x = [1] | slice(100000) | list %}" + End)]
    [InlineData(Tree + "{{ ns.a == ns.b }}")]
    [InlineData(Tree + "{{ ns.a < ns.b }}")]
    [InlineData(Tree + "{{ [ns.a] is eq([ns.b]) }}")]
    [InlineData(Tree + "{{ ns.a in [ns.b] }}{{ [ns.b].index(ns.a) }}")]
    [InlineData("{% set s = 'a.' * 1000000 %}" + Loop + "{% set x = [{}] | map(attribute=s) | list %}" + End)]
    [InlineData("{% set b = 10 ** 4000 %}" + Loop + "{% set x = b * 3 // 7 %}" + End)]
    [InlineData("{% set b = 10 ** 4000 %}" + Loop + "{% set x = b | string %}" + End)]
    [InlineData(Loop + "{% set x = 10 ** 4000 %}" + End)]
    [InlineData("{% set s = '9' * 4000 %}" + Loop + "{% set x = s | int %}" + End)]
    [InlineData(Big + "{{ raise_exception(s) }}")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(200) %}{% set ns.l = ns.l + ['x' * 4000000 ~ i] %}{% endfor %}")]
    public void Work_is_paid_by_its_size(string template)
    {
        Stopwatch watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        InputException error = Assert.Throws<InputException>(
            () => ChatTemplate.Parse(template.Replace("4000000", "3999990", StringComparison.Ordinal)).Render([]));
        Assert.True(error.Message.Length < 3000);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"took {watch.Elapsed}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 768 << 20);
    }

    // Published escapes: CVE-2024-34359 and its kin walk from any object to its class and on to the operating system.
    [Theory]
    [InlineData("{{ ''.__class__.__mro__[1].__subclasses__() }}")]
    [InlineData("{% for c in ().__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}")]
    [InlineData("{{ self.__init__.__globals__ }}")]
    [InlineData("{{ cycler.__init__.__globals__.os.popen('id').read() }}")]
    [InlineData("{{ messages.GetType().Assembly }}")]
    [InlineData("{{ 'x'.GetType() }}")]
    [InlineData("{{ ''|attr('__class__')|attr('__mro__') }}")]
    [InlineData("{% include '/etc/passwd' %}")]
    [InlineData("{% import 'os' as os %}")]
    [InlineData("{% extends 'x' %}")]
    public void Reaches_nothing_outside(string template) =>
        Assert.Throws<InputException>(() => ChatTemplate.Parse(template).Render([ChatMessage.User("x")]));

    [Theory]
    [InlineData("(", "{{ ", " }}")]
    [InlineData("[", "{{ ", " }}")]
    [InlineData("{'a':", "{{ ", " }}")]
    [InlineData("-", "{{ ", "1 }}")]
    [InlineData("not ", "{{ ", "1 }}")]
    [InlineData("1 if 1 else ", "{{ ", "1 }}")]
    [InlineData("{% if 1 %}", "", "")]
    [InlineData("{% for a in b %}", "", "")]
    [InlineData("f(", "{{ ", " }}")]
    public void Nesting_in_the_source_is_bounded(string open, string head, string tail)
    {
        foreach (int depth in (int[])[1_000, 100_000])
        {
            string source = head + string.Concat(Enumerable.Repeat(open, depth)) + tail;
            Assert.Throws<InputException>(() => ChatTemplate.Parse(source).Render([]));
        }
    }

    [Theory]
    [InlineData("1 + ", "1")]
    [InlineData("'a' ~ ", "'a'")]
    [InlineData("1 < ", "2")]
    [InlineData("1 and ", "1")]
    public void Long_chains_of_operators_do_not_kill_the_process(string link, string last)
    {
        string source = "{{ " + string.Concat(Enumerable.Repeat(link, 100_000)) + last + " }}";
        Exception? error = Record.Exception(() => ChatTemplate.Parse(source).Render([]));
        Assert.True(error is null or InputException);
    }

    [Fact]
    public void Long_chains_of_attributes_and_filters_do_not_kill_the_process()
    {
        Assert.Throws<InputException>(
            () => ChatTemplate.Parse("{{ a" + string.Concat(Enumerable.Repeat(".b", 200_000)) + " }}").Render([]));
        Exception? error = Record.Exception(
            () => ChatTemplate.Parse("{{ a" + string.Concat(Enumerable.Repeat("|trim", 100_000)) + " }}").Render([]));
        Assert.True(error is null or InputException);
    }

    [Theory]
    [InlineData("a\n{{ x", ":2")]
    [InlineData("{% if %}", ":1")]
    [InlineData("\n\n{% endfor %}", ":3")]
    [InlineData("{# never closed", ":1")]
    [InlineData("{% raw %}", ":1")]
    [InlineData("{{ 'a }}", ":1")]
    [InlineData("{{ a ] }}", ":1")]
    [InlineData("{{ '\\x4' }}", ":")]
    public void Broken_templates_are_refused_with_their_line(string template, string line) =>
        Assert.Contains(
            "chat template" + line, Assert.Throws<InputException>(() => ChatTemplate.Parse(template)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_refusal_by_the_template_says_what_and_where()
    {
        ChatTemplate template = ChatTemplate.Parse("a\n{{ raise_exception('no system role') }}");
        InputException error = Assert.Throws<InputException>(() => template.Render([ChatMessage.System("x")]));
        Assert.Contains("refuses this conversation: no system role", error.Message, StringComparison.Ordinal);
        Assert.Equal("chat template:2", error.Where);
    }

    [Fact]
    public void A_clock_that_runs_out_stops_a_rendering()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", null, "t",
            new Jinja.RenderLimits(Steps: long.MaxValue, Time: TimeSpan.FromMilliseconds(50)));
        Assert.Contains("longer than", Assert.Throws<InputException>(() => template.Render([])).Message, StringComparison.Ordinal);
    }
}
