using System.Diagnostics;
using System.Text;

namespace Hone.Cli.Tests;

public sealed class PullTests : IDisposable
{
    private const int Kills = 10;
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task A_download_killed_ten_times_goes_on_each_time_and_ends_in_the_same_bytes()
    {
        byte[] weights = new byte[24 << 20];
        new Random(1).NextBytes(weights);
        using FakeHub hub = new(("config.json", "{}"u8.ToArray()), ("model.safetensors", weights));
        hub.Twist = (r, _, right) =>
            r.Path.Contains("safetensors", StringComparison.Ordinal) ? right with { Pause = TimeSpan.FromMilliseconds(5) } : null;
        string blob = Path.Combine(_folder.Path, "hub/models--owner--model/blobs", FakeHub.Sha256(weights));
        long before = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = Start(hub, "pull", FakeHub.Id);
            // Killed when this process has brought some of the file, at another place each time.
            long enough = before + 300_000 + kill * 150_000;
            while (Arrived() < enough && !process.HasExited) await Task.Delay(5, TestContext.Current.CancellationToken);
            Assert.False(process.HasExited, "the download ended before it could be killed");
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            before = Arrived();
            Assert.False(File.Exists(blob));
        }
        using Process last = Start(hub, "pull", FakeHub.Id);
        Result result = await Command.End(last);
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(result.Out.Trim(), "model.safetensors")));
        Assert.Equal(Kills, hub.Server.Requests.Count(r => r.Headers.ContainsKey("Range")));
        // Sent and lost with a killed process: what was on its way.
        Assert.InRange(hub.Server.BytesSent, weights.Length, weights.Length * 1.3);

        long Arrived() => File.Exists(blob + ".incomplete") ? new FileInfo(blob + ".incomplete").Length : 0;
    }

    [Fact]
    public async Task Ids_stand_for_models_and_data_and_work_offline_afterwards()
    {
        string source = SharedData.Require("models/stories260K-hf");
        using FakeHub hub = new([.. Directory.EnumerateFiles(source).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)))]);
        string expected = Command.Type("""{"text": "Once upon a time"}""", "tokenize", "--model", source).Out;
        foreach (bool offline in new[] { false, true })
        {
            using Process process = Start(hub, offline, "tokenize", "--model", FakeHub.Id, "--input", Rows());
            Result result = await Command.End(process);
            Assert.Equal((0, expected), (result.Code, result.Out));
            Assert.Equal(!offline, result.Error.Contains("downloading", StringComparison.Ordinal));
        }
        int asked = hub.Server.Requests.Count;
        File.WriteAllText(_folder.File("run.yaml"),
            $"model: hf://{FakeHub.Id}\ndata:\n  sft: [hf://datasets/owner/data/train.jsonl]\nreward: {{enabled: false}}\n"
                + $"offline_dpo: {{enabled: false}}\nonline: {{enabled: false}}\nevaluation: {{enabled: false}}\n");
        Result shown = Command.Done("recipe", "show", _folder.File("run.yaml"));
        Assert.Contains("hf://owner/model", shown.Out, StringComparison.Ordinal);
        Assert.Contains("hf://datasets/owner/data/train.jsonl", shown.Out, StringComparison.Ordinal);
        Assert.Equal(asked, hub.Server.Requests.Count);
    }

    [Fact]
    public async Task Question_files_come_from_a_data_set_of_a_hub_and_the_download_is_said()
    {
        byte[] rows = """{"question": "two?", "answer": "#### 2"}"""u8.ToArray();
        byte[] train = [.. Enumerable.Repeat((byte[])[.. rows, (byte)'\n'], 5).SelectMany(r => r)];
        using FakeHub hub = new(("main/test.jsonl", rows), ("main/train.jsonl", train)) { Dataset = true };
        using Process process = Start(hub, "eval", "list", "--data", $"hf://datasets/{FakeHub.Id}/main");
        Result result = await Command.End(process);
        Assert.True(result.Code == 0, result.Error);
        Assert.Matches("(?m)^gsm8k +1 items: ", result.Out);
        Assert.Matches("(?m)^humaneval +not there", result.Out);
        Assert.Contains("downloading", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_found_or_no_id_is_said()
    {
        using FakeHub hub = new(("config.json", "{}"u8.ToArray()));
        hub.Twist = (_, _, _) => RawReply.Text(404, "", ("X-Error-Code", "RepoNotFound"));
        using Process process = Start(hub, "pull", "nobody/nothing");
        Result result = await Command.End(process);
        Assert.Equal(2, result.Code);
        Assert.Contains("not found", result.Error, StringComparison.Ordinal);
        Assert.Contains("not a repository of a hub", Command.Refused("pull", "nothing"), StringComparison.Ordinal);
    }

    private string Rows()
    {
        File.WriteAllText(_folder.File("rows.jsonl"), """{"text": "Once upon a time"}""", Encoding.UTF8);
        return _folder.File("rows.jsonl");
    }

    private Process Start(FakeHub hub, params string[] args) => Start(hub, false, args);

    private Process Start(FakeHub hub, bool offline, params string[] args) => Command.Start(args,
        ("HF_ENDPOINT", hub.Server.Address.ToString()), ("HF_HOME", _folder.Path),
        ("HF_HUB_OFFLINE", offline ? "1" : "0"), ("HF_TOKEN", "hf_canary"));

    public void Dispose() => _folder.Dispose();
}
