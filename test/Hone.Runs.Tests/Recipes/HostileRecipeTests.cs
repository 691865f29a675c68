using System.Diagnostics;
using Hone.Runs.Metrics;
using System.Text;
using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Recipes;

/// <summary>Files that try to exhaust or confuse the reader end in an error that names their place.</summary>
public class HostileRecipeTests
{
    private static InputException Refused(string yaml) => Assert.Throws<InputException>(() => ResolvedRecipe.Parse(yaml, "bomb.yaml"));

    [Fact]
    public void A_billion_laughs_is_refused_at_its_first_anchor()
    {
        StringBuilder bomb = new("a: &a [lol, lol]\n");
        for (char c = 'b'; c <= 'z'; c++) bomb.Append($"{c}: &{c} [*{(char)(c - 1)}, *{(char)(c - 1)}, *{(char)(c - 1)}]\n");
        InputException e = Refused(bomb.ToString());
        Assert.Equal("bomb.yaml:1:4", e.Where);
        Assert.Contains("anchors and aliases", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_of_itself_is_refused() =>
        Assert.Contains("anchors and aliases", Refused("data: &d\n  sft: [*d]\n").Message, StringComparison.Ordinal);

    [Fact]
    public void A_merge_key_is_an_unknown_key() =>
        Assert.Contains("unknown key '<<'", Refused("<<: {seed: 3}\n").Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public void Deep_nesting_is_refused(int depth)
    {
        Assert.Contains("nested deeper than", Refused("seed: " + new string('[', depth)).Message, StringComparison.Ordinal);
        Assert.Contains("nested deeper than", Refused("seed: " + string.Concat(Enumerable.Repeat("{a: ", depth))).Message,
            StringComparison.Ordinal);
        Assert.Contains("nested deeper than", Refused(string.Concat(Enumerable.Repeat("- ", depth)) + "x").Message,
            StringComparison.Ordinal);
        Refused(string.Concat(Enumerable.Repeat("? ", depth)) + "x");
    }

    [Fact]
    public void A_huge_text_is_refused() =>
        Assert.Contains("at most", Refused(new string('a', (1 << 20) + 1)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("seed: !!int 3\n", "the tag")]
    [InlineData("seed: !evil {x: 1}\n", "the tag")]
    [InlineData("seed: 1\n---\nseed: 2\n", "second YAML document")]
    [InlineData("seed: 1\n  x: [\n", "not valid YAML")]
    [InlineData("seed: \"abc\n", "not valid YAML")]
    [InlineData("seed:\t1\n\t- x\n", "not valid YAML")]
    [InlineData("[1, 2]: 3\n", "a key must be a word")]
    [InlineData("seed: 1\0\n", "NUL")]
    [InlineData("%YAML 9.9\n---\nseed: 1\n", "not valid YAML")]
    public void Yaml_beyond_a_recipe_is_refused(string yaml, string what) =>
        Assert.Contains(what, Refused(yaml).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_cut_or_changed_recipe_loads_or_is_refused()
    {
        string good = RecipeText.Show(ResolvedRecipe.Parse("", "r.yaml"));
        const string Noise = "\n\t :#-[]{}&*!|>'\"%@\\\u0001\ud800x0";
        Random random = new(1);
        for (int i = 0; i < 400; i++)
        {
            char[] text = good[..random.Next(good.Length)].ToCharArray();
            for (int k = 0; k < 3 && text.Length > 0; k++) text[random.Next(text.Length)] = Noise[random.Next(Noise.Length)];
            try
            {
                ResolvedRecipe.Parse(new string(text), "r.yaml");
            }
            catch (InputException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    [Fact]
    public void A_file_that_is_missing_or_no_text_is_refused()
    {
        using TempFolder folder = new();
        Assert.Contains("there is no such recipe",
            Assert.Throws<InputException>(() => ResolvedRecipe.Load(folder.File("none.yaml"))).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("latin.yaml"), [.. "name: "u8, 0xE9, 0x0A]);
        Assert.Contains("byte 6 is not UTF-8", Assert.Throws<InputException>(() => ResolvedRecipe.Load(folder.File("latin.yaml"))).Message,
            StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("bom.yaml"), [0xEF, 0xBB, 0xBF, .. "seed: 5\n"u8]);
        Assert.Equal(5, ResolvedRecipe.Load(folder.File("bom.yaml")).Value.Seed);
        File.WriteAllBytes(folder.File("big.yaml"), new byte[(1 << 20) + 1]);
        Assert.Contains("too many for a recipe", Assert.Throws<InputException>(() => ResolvedRecipe.Load(folder.File("big.yaml"))).Message,
            StringComparison.Ordinal);
    }

    /// <summary>A named pipe as recipe, or as the metrics of a run folder, was waited for without end.</summary>
    [Fact]
    public void A_pipe_is_refused_and_not_waited_for()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("named pipes of POSIX");
        using TempFolder folder = new();
        string pipe = folder.File("pipe.yaml");
        using (Process make = Process.Start("mkfifo", [pipe])) make.WaitForExit();
        foreach (Action read in new Action[]
        {
            () => ResolvedRecipe.Load(pipe), () => MetricCurves.Read(pipe), () => Assert.Empty(MetricsRow.Read(pipe)),
        })
            Assert.Contains("pipe", Assert.Throws<InputException>(read).Message, StringComparison.Ordinal);
    }
}
