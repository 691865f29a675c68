namespace Hone.Data.Tests;

public sealed class HubIdTests
{
    [Theory]
    [InlineData("meta-llama/Meta-Llama-3-8B", "models", "meta-llama/Meta-Llama-3-8B", "main", null)]
    [InlineData("owner/name@v1.0", "models", "owner/name", "v1.0", null)]
    [InlineData("hf://owner/name", "models", "owner/name", "main", null)]
    [InlineData("hf://datasets/owner/name@refs%2Fconvert%2Fparquet/data/*.parquet", "datasets", "owner/name",
        "refs/convert/parquet", "data/*.parquet")]
    [InlineData("hf://datasets/owner/name/train.jsonl", "datasets", "owner/name", "main", "train.jsonl")]
    public void Ids_are_read(string text, string kind, string name, string revision, string? path)
    {
        Assert.Equal(new HubId(kind, name, revision, path), HubId.TryParse(text));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("models/sft/final")]
    [InlineData("./owner/name")]
    [InlineData("../name")]
    [InlineData("owner/..")]
    [InlineData("owner/na--me")]
    [InlineData("owner/name@../x")]
    [InlineData("owner/name@a%2F..%2F..%2Fb")]
    [InlineData("hf://owner")]
    [InlineData("owner/na me")]
    [InlineData("C:/models")]
    public void What_is_no_id_is_none(string text) => Assert.Null(HubId.TryParse(text));

    [Fact]
    public void The_environment_is_read_as_huggingface_hub_reads_it()
    {
        HubSettings Of(params (string, string)[] set) =>
            HubSettings.From(name => set.FirstOrDefault(s => s.Item1 == name).Item2, "/home/me");
        Assert.Equal(("https://huggingface.co/", "/home/me/.cache/huggingface/hub", null, false), Parts(Of()));
        Assert.Equal("/x/huggingface/hub", Of(("XDG_CACHE_HOME", "/x")).Cache);
        Assert.Equal("/h/hub", Of(("HF_HOME", "/h"), ("XDG_CACHE_HOME", "/x")).Cache);
        Assert.Equal("/c", Of(("HF_HUB_CACHE", "/c"), ("HF_HOME", "/h")).Cache);
        Assert.Equal(("http://mirror:80/sub/", "/home/me/.cache/huggingface/hub", "t", true),
            Parts(Of(("HF_ENDPOINT", "http://mirror:80/sub"), ("HF_TOKEN", " t "), ("HF_HUB_OFFLINE", "1"))));
        using TempFolder folder = new();
        File.WriteAllText(folder.File("token"), "from-file\n");
        Assert.Equal("from-file", Of(("HF_HOME", folder.Path)).Token);
        Assert.Throws<InputException>(() => Of(("HF_ENDPOINT", "nowhere")));

        static (string, string, string?, bool) Parts(HubSettings s) => (s.Endpoint.OriginalString, s.Cache, s.Token, s.Offline);
    }
}
