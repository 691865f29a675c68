namespace Hone.Evaluation.Tests;

public sealed class SharedStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Two_judges_at_once_on_one_store_ask_nothing_twice()
    {
        KeyedRequest[] requests = [.. Enumerable.Range(0, 300).Select(i => new KeyedRequest($"{i}",
            new GenerateRequest(ModelPrompt.Of($"question {i}"), new GenerateOptions { MaxNewTokens = 1 })))];
        var judge = new FakeModel();
        async Task<KeyedReplies> Run()
        {
            using ReplyStore store = ReplyStore.Open(_folder.File("answers.db"));
            return await KeyedRequest.AllAsync("t", requests, judge, new RequestOptions(store), TestContext.Current.CancellationToken);
        }
        KeyedReplies[] runs = await Task.WhenAll(Task.Run(Run), Task.Run(Run));
        Assert.Equal(300, judge.Asked.Count);
        Assert.Equal((300, 300), (runs.Sum(r => r.Asked), runs.Sum(r => r.Stored)));
        Assert.Equal(runs[0].Answers, runs[1].Answers);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.lock"));
    }

    public void Dispose() => _folder.Dispose();
}
