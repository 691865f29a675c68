using System.Text.Json;
using Hone.Models;
using Hone.Text;

namespace Hone.Inference.Tests;

/// <summary>Greedy text against values that were computed elsewhere.</summary>
public class PublishedGenerationTests
{
    private static readonly StopRules s_none = new();

    [Fact]
    public void Stories260K_writes_its_authors_published_text()
    {
        foreach (JsonElement row in Rows("vectors/generation_published.jsonl"))
        {
            string name = row.GetProperty("model").GetString()!;
            using Transformer model = TestModels.Shared(name + "-hf");
            int[] prompt = Ints(row, "prompt_ids");
            var request = new GenerationRequest(prompt, new SamplingOptions { MaxNewTokens = row.GetProperty("new_tokens").GetInt32() });
            Completion answer = Assert.Single(Scheduler.OnLibtorch(model, s_none).Generate([request]));
            int[] published = Ints(row, "reproduced_ids");
            Assert.Equal(published, prompt.Concat(answer.Ids).Take(published.Length));
            string text = Tokenizer.Load(SharedData.Require($"models/{name}-hf")).Decode(answer.Ids);
            Assert.StartsWith(row.GetProperty("expected_text").GetString()!, text);
            Assert.Equal(FinishReasons.Length, answer.FinishReason);
        }
    }

    [Theory]
    [InlineData("tinystories-656k-hf")]
    [InlineData("stories260K-hf")]
    [InlineData("aidreams260K-hf")]
    public void Greedy_tokens_equal_the_reference_in_one_batch(string name)
    {
        JsonElement[] rows = [.. Rows("vectors/forward_reference.jsonl").Where(r => r.GetProperty("model").GetString() == name)];
        Assert.NotEmpty(rows);
        using Transformer model = TestModels.Shared(name);
        GenerationRequest[] requests =
            [.. rows.Select(r => new GenerationRequest(Ints(r, "ids"), new SamplingOptions { MaxNewTokens = 40 }))];
        IReadOnlyList<Completion> answers = Scheduler.OnLibtorch(model, s_none).Generate(requests);
        for (int i = 0; i < rows.Length; i++) Assert.Equal(Ints(rows[i], "greedy_40"), answers[i].Ids);
    }

    private static IEnumerable<JsonElement> Rows(string path) =>
        File.ReadLines(SharedData.Require(path)).Select(line => JsonDocument.Parse(line).RootElement);

    private static int[] Ints(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(e => e.GetInt32())];
}
