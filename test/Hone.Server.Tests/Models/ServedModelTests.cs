using Hone.Cli.Tests;
using Hone.Inference;

namespace Hone.Server.Tests;

public sealed class ServedModelTests
{
    [Fact]
    public async Task Closing_ends_what_runs_and_waits_for_it()
    {
        using var folder = new TempFolder();
        ServedModel model = ServedModel.Open(TinyModel.Write(folder.File("tiny")), device: "cpu");
        CancellationToken never = TestContext.Current.CancellationToken;
        GenerationRequest[] request = [new([1, 2], new SamplingOptions { MaxNewTokens = 200, DoSample = true }, 64)];
        Task[] asked = [.. Enumerable.Range(0, 100).Select(_ => DrainAsync(model, request, never))];
        await model.DisposeAsync();
        await model.DisposeAsync();
        await Task.WhenAll(asked).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Contains(asked, a => !a.IsCompletedSuccessfully);
        Assert.All(asked.Where(a => !a.IsCompletedSuccessfully),
            a => Assert.Equal(503, Assert.IsType<ApiException>(a.Exception!.InnerException).Status));
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiException>(() => DrainAsync(model, request, never))).Status);
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiException>(() => model.ScoreAsync([new([1, 2], 1)], 0, never))).Status);
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        using var folder = new TempFolder();
        await using var models = new ServedModels();
        string path = TinyModel.Write(folder.File("tiny"));
        models.Add(ServedModel.Open(path, device: "cpu"));
        await using ServedModel again = ServedModel.Open(path, device: "cpu");
        Assert.Contains("tiny", Assert.Throws<InputException>(() => models.Add(again)).Message, StringComparison.Ordinal);
    }

    private static async Task DrainAsync(ServedModel model, GenerationRequest[] requests, CancellationToken cancel)
    {
        await foreach (GeneratedToken _ in model.SampleAsync(requests, cancel)) { }
    }
}
