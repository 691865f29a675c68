using Hone.Cli.Tests;
using Hone.Inference;

namespace Hone.Server.Tests;

public sealed class ServedModelTests
{
    [Fact]
    public async Task More_than_1024_requests_at_once_are_refused_and_closing_ends_the_others()
    {
        using var folder = new TempFolder();
        ServedModel model = ServedModel.Open(TinyModel.Write(folder.File("tiny")), device: "cpu");
        CancellationToken never = TestContext.Current.CancellationToken;
        GenerationRequest[] request = [new([1, 2], new SamplingOptions { MaxNewTokens = 100 }, 64)];
        Task[] asked = [.. Enumerable.Range(0, 1024).Select(_ => model.GenerateAsync(request, never))];
        var refused = await Assert.ThrowsAsync<ApiException>(() => model.ScoreAsync([new([1, 2], 1)], 0, never));
        Assert.Equal(503, refused.Status);
        await model.DisposeAsync();
        await model.DisposeAsync();
        await Task.WhenAll(asked).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.All(asked.Where(a => !a.IsCompletedSuccessfully),
            a => Assert.Equal(503, Assert.IsType<ApiException>(a.Exception!.InnerException).Status));
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiException>(() => model.GenerateAsync(request, never))).Status);
    }
}
