using System.Text;

namespace Hone.Data.Tests;

public sealed class HubClientTests : IDisposable
{
    private static readonly byte[] s_weights = [.. Enumerable.Range(0, 700_000).Select(i => (byte)(i * 7919 >> 3))];
    private static readonly byte[] s_config = Encoding.UTF8.GetBytes("{\"model_type\": \"llama\"}");
    private readonly TempFolder _folder = new();
    private readonly FakeHub _hub = new(("config.json", s_config), ("model.safetensors", s_weights),
        ("sub/chat_template.jinja", "x"u8.ToArray()), ("pytorch_model.bin", s_config));
    private readonly List<string> _said = [];

    private HubSettings Settings => new(_hub.Server.Address, _folder.File("hub"), "hf_canary_token", Offline: false);

    [Fact]
    public async Task A_model_is_downloaded_into_the_layout_of_huggingface_hub()
    {
        string snapshot = await Pull();
        string repo = _folder.File("hub/models--owner--model");
        Assert.Equal(Path.Combine(repo, "snapshots", _hub.Commit), snapshot);
        Assert.Equal(_hub.Commit, File.ReadAllText(Path.Combine(repo, "refs/main")));
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(snapshot, "model.safetensors")));
        Assert.Equal($"../../blobs/{FakeHub.Sha256(s_weights)}", new FileInfo(Path.Combine(snapshot, "model.safetensors")).LinkTarget);
        Assert.Equal($"../../../blobs/{FakeHub.GitHash("x"u8.ToArray())}",
            new FileInfo(Path.Combine(snapshot, "sub/chat_template.jinja")).LinkTarget);
        Assert.Equal(new[] { FakeHub.Sha256(s_weights), FakeHub.GitHash(s_config), FakeHub.GitHash("x"u8.ToArray()) }.Order(),
            Directory.EnumerateFiles(Path.Combine(repo, "blobs")).Select(Path.GetFileName).Order());
        Assert.False(File.Exists(Path.Combine(snapshot, "pytorch_model.bin")));
        Assert.Contains(_said, s => s.StartsWith("downloading 3 files, 0.7 MB, from 127.0.0.1", StringComparison.Ordinal));

        await Pull();
        Assert.Equal(1, _hub.Count("model.safetensors"));
    }

    [Fact]
    public async Task A_size_beyond_every_disk_is_said_and_not_added_up()
    {
        _hub.Twist = (r, _, right) => r.Path.Contains("/revision/", StringComparison.Ordinal)
            ? right with
            {
                Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(right.Body)
                    .Replace($"\"size\":{s_weights.Length}", "\"size\":9223372036854775807", StringComparison.Ordinal)
                    .Replace($"\"size\": {s_weights.Length}", "\"size\": 9223372036854775807", StringComparison.Ordinal)),
            }
            : null;
        InputException e = await Assert.ThrowsAsync<InputException>(() => Pull());
        Assert.Contains("9,223,372,036,854,775,807 bytes", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hf_a\nX-Other: b")]
    [InlineData("hf_ä")]
    [InlineData("hf a")]
    public void A_token_that_no_header_can_hold_is_refused_without_being_shown(string token)
    {
        InputException e = Assert.Throws<InputException>(() => HubSettings.From(name => name == "HF_TOKEN" ? token : null, _folder.Path));
        Assert.Contains("HF_TOKEN", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(token, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blobs")]
    [InlineData("snapshots")]
    [InlineData("refs")]
    [InlineData("refs/main.partial")]
    [InlineData("blobs/INCOMPLETE")]
    [InlineData("blobs/BLOB")]
    public async Task A_link_planted_in_the_cache_is_not_written_through(string place)
    {
        string repo = _folder.File("hub/models--owner--model"), elsewhere = _folder.File("elsewhere");
        place = place.Replace("BLOB", FakeHub.Sha256(s_weights), StringComparison.Ordinal)
            .Replace("INCOMPLETE", FakeHub.Sha256(s_weights) + ".incomplete", StringComparison.Ordinal);
        string planted = Path.Combine(repo, place);
        Directory.CreateDirectory(Path.GetDirectoryName(planted)!);
        if (place.Contains('/', StringComparison.Ordinal)) File.WriteAllText(elsewhere, "mine");
        else Directory.CreateDirectory(elsewhere);
        File.CreateSymbolicLink(planted, elsewhere);
        InputException e = await Assert.ThrowsAsync<InputException>(() => Pull());
        Assert.Contains("is a link", e.Message, StringComparison.Ordinal);
        if (File.Exists(elsewhere)) Assert.Equal("mine", File.ReadAllText(elsewhere));
        else Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
    }

    [Fact]
    public async Task Cut_connections_are_gone_on_with_and_no_byte_comes_twice()
    {
        _hub.Twist = (r, n, right) => r.Path.Contains("model.safetensors", StringComparison.Ordinal) && n <= 3
            ? right with { CutAfter = 200_000 } : null;
        string snapshot = await Pull();
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(snapshot, "model.safetensors")));
        Assert.Equal(4, _hub.Count("model.safetensors"));
        Assert.Equal(["bytes=200000-", "bytes=400000-", "bytes=600000-"], _hub.Server.Requests
            .Where(r => r.Path.Contains("model.safetensors", StringComparison.Ordinal)).Skip(1).Select(r => r.Headers["Range"]));
        Assert.Equal(s_weights.Length + s_config.Length + 1, _hub.Server.BytesSent - _hub.Server.Requests.Where(r =>
            r.Path.Contains("/revision/", StringComparison.Ordinal)).Sum(_ => _hub.ListingBytes));
    }

    [Fact]
    public async Task Answers_503_and_429_are_tried_again()
    {
        _hub.Twist = (r, n, _) => n <= 2 ? RawReply.Text(n == 1 ? 503 : 429, "later", ("Retry-After", "0")) : null;
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));
        Assert.Equal(3, _hub.Count("/revision/"));
    }

    [Fact]
    public async Task A_rate_limit_that_stays_is_said()
    {
        _hub.Twist = (r, _, _) => r.Path.Contains("/resolve/", StringComparison.Ordinal)
            ? RawReply.Text(429, "", ("Retry-After", "0")) : null;
        Assert.Contains("rate limit", await Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_hash_is_never_taken_for_the_file()
    {
        _hub.Twist = (r, _, right) => r.Path.Contains("model.safetensors", StringComparison.Ordinal)
            ? right with { Body = [.. right.Body.Select(b => (byte)(b ^ 1))] } : null;
        Assert.Contains("model.safetensors has another hash", await Refused(), StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
        Assert.False(File.Exists(Blob + ".incomplete"));
        Assert.False(Directory.Exists(_folder.File("hub/models--owner--model/snapshots")));
    }

    [Fact]
    public async Task A_damaged_part_from_before_is_thrown_away_and_fetched_again()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Blob)!);
        File.WriteAllBytes(Blob + ".incomplete", new byte[300_000]);
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));
    }

    [Fact]
    public async Task A_longer_body_a_shorter_body_and_another_range_end_in_the_right_file()
    {
        _hub.Twist = (r, n, right) => !r.Path.Contains("model.safetensors", StringComparison.Ordinal) ? null : n switch
        {
            1 => right with { Body = right.Body[..100_000], Announced = null }, // short, politely
            2 => right with
            {
                Headers = new Dictionary<string, string>
                {
                    ["Content-Range"] = $"bytes 5-{s_weights.Length - 1}/{s_weights.Length}",
                },
            },
            3 => new RawReply(200, s_weights), // all of it although a part was asked for
            _ => null,
        };
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));

        Directory.Delete(_folder.File("hub"), recursive: true);
        _hub.Twist = (r, _, right) => r.Path.Contains("model.safetensors", StringComparison.Ordinal)
            ? right with { Body = [.. right.Body, .. "and more"u8] } : null;
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));
    }

    /// <summary>huggingface_hub #1269, #1345: a redirect to another host carried the token along.</summary>
    [Theory]
    [InlineData(302)]
    [InlineData(307)]
    public async Task The_token_does_not_follow_a_redirect_to_another_origin(int status)
    {
        using RawServer elsewhere = new(_ => new RawReply(200, s_weights));
        _hub.Twist = (r, _, _) => r.Path.Contains("model.safetensors", StringComparison.Ordinal)
            ? RawReply.Text(status, "", ("Location", $"{elsewhere.Address}cdn/file?signature=1")) : null;
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));
        Assert.All(elsewhere.Requests, r => Assert.False(r.Headers.ContainsKey("Authorization")));
        Assert.Equal("/cdn/file?signature=1", Assert.Single(elsewhere.Requests).Path);
        Assert.All(_hub.Server.Requests, r => Assert.Equal("Bearer hf_canary_token", r.Headers["Authorization"]));
    }

    [Fact]
    public async Task A_redirect_on_the_same_origin_keeps_the_token()
    {
        _hub.Twist = (r, n, _) => r.Path.Contains("config.json", StringComparison.Ordinal) && n == 1
            ? RawReply.Text(307, "", ("Location", r.Path)) : null;
        await Pull();
        Assert.All(_hub.Server.Requests, r => Assert.True(r.Headers.ContainsKey("Authorization")));
    }

    /// <summary>huggingface_hub #4792: https was followed down to http.</summary>
    [Fact]
    public async Task A_redirect_from_https_to_http_or_to_a_file_is_refused()
    {
        var settings = Settings with { Endpoint = new Uri("https://hub.example/") };
        foreach (string target in (string[])["http://hub.example/x", "file:///etc/passwd", "http://127.0.0.1:1/"])
        {
            using var client = new HubClient(settings, _said.Add,
                new Answers(r => new HttpResponseMessage(System.Net.HttpStatusCode.Found) { Headers = { Location = new Uri(target) } }));
            InputException e = await Assert.ThrowsAsync<InputException>(() => client.PullAsync(HubId.Parse(FakeHub.Id), HubSelection.Model,
                cancel: TestContext.Current.CancellationToken));
            Assert.Contains("redirects from https to", e.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// huggingface_hub #1429 and #4540, CVE-2026-119979 (backslashes), CVE-2024-37032: names that lead out of the
    /// folder.
    /// </summary>
    [Theory]
    [InlineData("../evil.json")]
    [InlineData("a/../../evil.json")]
    [InlineData("/etc/evil.json")]
    [InlineData("..\\evil.json")]
    [InlineData("a\\evil.json")]
    [InlineData("C:evil.json")]
    [InlineData("C:/evil.json")]
    [InlineData("//server/share/evil.json")]
    [InlineData("\\\\server\\share\\evil.json")]
    [InlineData("evil.json\0.txt")]
    [InlineData("CON")]
    [InlineData("con.json")]
    [InlineData("a/NUL.json")]
    [InlineData("evil.json.")]
    [InlineData("evil.json ")]
    [InlineData("a//evil.json")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("evil.json:stream")]
    public async Task A_name_that_could_leave_the_folder_is_refused_and_nothing_is_written(string name)
    {
        _hub.ExtraNames.Add(name);
        Assert.Contains("is refused", await Refused(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("hub")));
    }

    [Fact]
    public async Task A_folder_of_the_cache_that_is_a_link_is_refused()
    {
        string snapshot = await Pull(), outside = _folder.File("outside");
        Directory.Delete(Path.Combine(snapshot, "sub"), recursive: true);
        Directory.CreateDirectory(outside);
        Directory.CreateSymbolicLink(Path.Combine(snapshot, "sub"), outside);
        Assert.Contains("is a link", await Refused(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    /// <summary>CVE-2026-47155: a revision that moves while files are fetched.</summary>
    [Fact]
    public async Task All_files_come_from_the_commit_that_was_resolved_first()
    {
        string first = _hub.Commit;
        _hub.Twist = (r, n, right) =>
        {
            if (r.Path.Contains("/revision/", StringComparison.Ordinal)) _hub.Move(new string('c', 40));
            return null;
        };
        string snapshot = await Pull();
        Assert.Equal(first, Path.GetFileName(snapshot));
        Assert.All(_hub.Server.Requests.Where(r => r.Path.Contains("/resolve/", StringComparison.Ordinal)),
            r => Assert.Contains($"/resolve/{first}/", r.Path, StringComparison.Ordinal));
        Assert.Single(_hub.Server.Requests, r => r.Path.Contains("/revision/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damage_in_the_cache_is_found_on_request_and_mended()
    {
        await Pull();
        byte[] damaged = [.. s_weights];
        damaged[12345] ^= 1;
        File.WriteAllBytes(Blob, damaged);
        Assert.Equal(damaged, File.ReadAllBytes(Path.Combine(await Pull(), "model.safetensors")));
        Assert.Equal(s_weights, File.ReadAllBytes(Path.Combine(await Pull(verify: true), "model.safetensors")));
        Assert.Contains(_said, s => s.Contains("model.safetensors: damaged in the cache", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Offline_takes_what_is_there_and_asks_nobody()
    {
        string snapshot = await Pull();
        int asked = _hub.Server.Requests.Count;
        Assert.Equal(snapshot, await Pull(settings: Settings with { Offline = true }));
        Assert.Equal(asked, _hub.Server.Requests.Count);
        using var client = new HubClient(Settings with { Offline = true }, _said.Add);
        Assert.Contains("HF_HUB_OFFLINE", (await Assert.ThrowsAsync<InputException>(() => client.PullAsync(HubId.Parse("owner/other"),
            HubSelection.Model, cancel: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "GatedRepo", "the repository is gated", "HF_TOKEN")]
    [InlineData(404, "RevisionNotFound", "no such revision", "branch, tag or commit")]
    [InlineData(404, "RepoNotFound", "not found", "HF_TOKEN")]
    [InlineData(401, "", "refuses access", "HF_TOKEN")]
    public async Task Refusals_say_what_to_do(int status, string code, string what, string fix)
    {
        _hub.Twist = (_, _, _) => RawReply.Text(status, "", ("X-Error-Code", code));
        string message = await Refused();
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains(fix, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_is_in_no_file_no_message_and_no_error()
    {
        await Pull();
        _hub.Twist = (r, _, _) => RawReply.Text(403, "go away");
        _said.Add(await Refused());
        _said.Add(Settings.ToString());
        Assert.DoesNotContain(_said, s => s.Contains("canary", StringComparison.Ordinal));
        foreach (string file in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain("canary", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_pulls_at_once_share_the_work()
    {
        _hub.Twist = (r, _, right) => r.Path.Contains("model.safetensors", StringComparison.Ordinal)
            ? right with { Pause = TimeSpan.FromMilliseconds(20) } : null;
        string[] both = await Task.WhenAll(Pull(), Pull());
        Assert.Equal(both[0], both[1]);
        Assert.Equal(1, _hub.Count("model.safetensors"));
    }

    private string Blob => _folder.File($"hub/models--owner--model/blobs/{FakeHub.Sha256(s_weights)}");

    private async Task<string> Pull(bool verify = false, HubSettings? settings = null)
    {
        using var client = new HubClient(settings ?? Settings, s => { lock (_said) _said.Add(s); });
        return await client.PullAsync(HubId.Parse(FakeHub.Id), HubSelection.Model, verify, cancel: TestContext.Current.CancellationToken);
    }

    private async Task<string> Refused() => (await Assert.ThrowsAsync<InputException>(() => Pull())).Message;

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    private sealed class Answers(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
