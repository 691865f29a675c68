namespace Hone.Cli.Tests;

public sealed class BoardVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_is_not_there_and_a_port_that_is_none_are_refused()
    {
        Assert.Contains("there is no such folder", Command.Refused("board", _folder.File("nowhere")), StringComparison.Ordinal);
        Assert.Contains("must be 0 to 65535", Command.Refused("board", _folder.Path, "--port", "70000"), StringComparison.Ordinal);
    }

    /// <summary>The address is said before the work begins, here with a model that cannot be read.</summary>
    [Fact]
    public void A_run_says_where_it_can_be_watched()
    {
        Directory.CreateDirectory(_folder.File("model"));
        File.WriteAllText(_folder.File("model/config.json"), "{}");
        File.WriteAllText(_folder.File("rows.jsonl"), """{"prompt": "a", "chosen": "b", "rejected": "c"}""" + "\n");
        File.WriteAllText(_folder.File("my.yaml"),
            "name: my\nmodel: model\ndata:\n  sft: [rows.jsonl]\n  preferences: [rows.jsonl]\n  prompts: [rows.jsonl]\n");
        Result result = Command.Run("run", _folder.File("my.yaml"), "--board", "--output", _folder.File("run"));
        Assert.Equal(2, result.Code);
        Assert.Matches("board:  http://127\\.0\\.0\\.1:\\d+/run/run   \\(in a browser, while the run goes on\\)\n", result.Error);
    }
}
