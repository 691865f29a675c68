using System.Text.Json;
using Hone.Evaluation;
using Hone.Text;

namespace Hone.Workflow.Tests;

public sealed class LocalLanguageModelTests
{
    [Fact]
    public async Task A_likelihood_is_the_sum_of_the_published_log_probabilities()
    {
        foreach (string line in File.ReadLines(SharedData.Require("vectors/forward_reference.jsonl")))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            string folder = SharedData.Require($"models/{row.GetProperty("model").GetString()}");
            using LocalLanguageModel model = LocalLanguageModel.Open(folder, "cpu");
            string text = row.GetProperty("text").GetString()!;
            double[] logProbs = [.. row.GetProperty("token_logprobs").EnumerateArray().Select(v => v.GetDouble())];
            // Cut after the first word: the continuation begins where a token of the whole text does.
            int cut = text.IndexOf(' ');
            if (cut < 0) continue;
            int before = Tokenizer.Load(folder).Encode(text[..cut], addSpecial: true).Length;
            Likelihood found = await Only(
                model.ScoreAsync([new ScoreRequest(ModelPrompt.Of(text[..cut]), text[cut..])], TestContext.Current.CancellationToken));
            Assert.Equal(logProbs.Length + 1 - before, found.Tokens);
            Assert.Equal(logProbs[(before - 1)..].Sum(), found.LogProb, 2e-3);
        }
    }

    [Fact]
    public async Task Greedy_text_is_the_published_one_and_stop_strings_cut_it()
    {
        JsonElement row = JsonDocument.Parse(File.ReadLines(SharedData.Require("vectors/generation_published.jsonl")).First()).RootElement;
        using LocalLanguageModel model = LocalLanguageModel.Open(SharedData.Require("models/stories260K-hf"), "cpu");
        Answer whole = await Only(model.GenerateAsync([new GenerateRequest(ModelPrompt.Of(""), new GenerateOptions { MaxNewTokens = 60 })],
            TestContext.Current.CancellationToken));
        string published = row.GetProperty("expected_text").GetString()!;
        Assert.StartsWith(whole.Text.TrimStart()[..100], published.TrimStart(), StringComparison.Ordinal);
        Assert.Equal(("length", 60), (whole.FinishReason, whole.CompletionTokens));
        var sentence = new GenerateOptions { MaxNewTokens = 60, StopStrings = ["."], TopLogProbs = 3 };
        Answer cut = await Only(model.GenerateAsync(
            [new GenerateRequest(ModelPrompt.Of(""), sentence)], TestContext.Current.CancellationToken));
        Assert.Equal(("stop", whole.Text[..whole.Text.IndexOf('.')]), (cut.FinishReason, cut.Text));
        Assert.Equal(3, cut.FirstTokens.Count);
        Assert.True(cut.FirstTokens[0].LogProb >= cut.FirstTokens[1].LogProb);
    }

    [Fact]
    public async Task What_does_not_fit_is_cut_at_the_start_and_counted()
    {
        using LocalLanguageModel model = LocalLanguageModel.Open(SharedData.Require("models/stories260K-hf"), "cpu");
        string longText = string.Concat(Enumerable.Repeat("Once upon a time there was a cat. ", 200));
        Likelihood scored =
            await Only(model.ScoreAsync([new ScoreRequest(ModelPrompt.Of(longText), " The end")], TestContext.Current.CancellationToken));
        Assert.True(scored.DroppedTokens > 0 && double.IsFinite(scored.LogProb));
        Answer answer = await Only(model.GenerateAsync(
            [new GenerateRequest(ModelPrompt.Of(longText), new GenerateOptions { MaxNewTokens = 12 })],
            TestContext.Current.CancellationToken));
        Assert.Equal((500, 12), (answer.PromptTokens, answer.CompletionTokens));
        Assert.True(answer.DroppedTokens > 0);
        await Assert.ThrowsAsync<InputException>(async () => await Only(model.GenerateAsync(
            [new GenerateRequest(ModelPrompt.Of("x"), new GenerateOptions { MaxNewTokens = 512 })],
            TestContext.Current.CancellationToken)));
        await Assert.ThrowsAsync<InputException>(async () => await Only(
            model.ScoreAsync([new ScoreRequest(ModelPrompt.Of([ChatMessage.User("x")]), "y")], TestContext.Current.CancellationToken)));
    }

    private static async Task<T> Only<T>(IAsyncEnumerable<Reply<T>> replies)
    {
        List<T> all = [];
        await foreach (Reply<T> reply in replies) all.Add(reply.Value);
        return Assert.Single(all);
    }
}
