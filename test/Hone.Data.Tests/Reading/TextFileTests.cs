namespace Hone.Data.Tests;

public class TextFileTests
{
    [Theory]
    [InlineData("one\ntwo\n\n\nthree\r\n  \r\nfour", new[] { "one\ntwo", "three", "four" })]
    [InlineData("one\n\ntwo\n<|endoftext|>\nthree<|endoftext|>four\n<|endoftext|>\n", new[] { "one\n\ntwo", "three", "four" })]
    [InlineData("<|endoftext|><|endoftext|>\n\none", new[] { "one" })]
    [InlineData("\uFEFFone", new[] { "one" })]
    public void Texts_are_separated_by_the_marker_or_else_by_blank_lines(string content, string[] expected)
    {
        using TempFolder folder = new();
        string path = folder.File("stories.txt");
        File.WriteAllText(path, content);
        DataReport report = new("stories");
        Assert.Equal(expected, DataReader.ReadSft(path, report).Select(r => ((TextRow)r).Text));
        Assert.Equal(expected.Length, report.Kept);
        Assert.Equal("plain text", report.Layout);
    }

    [Fact]
    public void The_real_stories_are_five()
    {
        string path = SharedData.Require("corpora/tinystories_sample.txt");
        TextRow[] stories = [.. DataReader.ReadSft(path, new DataReport(path)).Cast<TextRow>()];
        Assert.Equal(5, stories.Length);
        Assert.StartsWith("Once upon a time there was a little boy named Ben.", stories[0].Text);
        Assert.All(stories, s => Assert.DoesNotContain("endoftext", s.Text));
        // Nothing but separators and white space is lost.
        Assert.Equal(
            Squeeze(File.ReadAllText(path).Replace("<|endoftext|>", "")),
            Squeeze(string.Concat(stories.Select(s => s.Text))));
    }

    [Fact]
    public void A_real_text_without_markers_is_split_at_blank_lines()
    {
        string path = SharedData.Require("corpora/tinyshakespeare.txt");
        TextRow[] speeches = [.. DataReader.ReadSft(path, new DataReport(path)).Cast<TextRow>()];
        // 7,219 + 2 runs of blank lines in the file.
        Assert.Equal(7222, speeches.Length);
    }

    [Fact]
    public void A_text_file_cannot_hold_preferences()
    {
        using TempFolder folder = new();
        string path = folder.File("stories.txt");
        File.WriteAllText(path, "one");
        Assert.Contains("text file",
            Assert.Throws<InputException>(() => DataReader.ReadPreferences(path, new DataReport(path)).Count()).Message);
    }

    private static string Squeeze(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
