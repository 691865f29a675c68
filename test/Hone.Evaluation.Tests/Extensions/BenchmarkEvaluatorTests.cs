using Microsoft.Extensions.AI;
using Microsoft.Extensions.AI.Evaluation;

namespace Hone.Evaluation.Tests;

public sealed class BenchmarkEvaluatorTests
{
    [Fact]
    public async Task A_response_is_graded_by_the_benchmarks_rule()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("test.jsonl"), """{"question": "two?", "answer": "#### 2"}""");
        EvalTask task = Gsm8k.CreateChainOfThought(new TaskOptions { Data = [folder.Path] });
        var evaluator = new BenchmarkEvaluator(task);
        BenchmarkItem item = Assert.Single(evaluator.Items);
        Assert.EndsWith("Q: two?\nA:", Assert.Single(item.Messages).Text, StringComparison.Ordinal);
        Assert.Equal(256, item.MaxNewTokens);
        Assert.Equal(["exact_match,strict-match", "exact_match,flexible-extract"], evaluator.EvaluationMetricNames);

        // The answer goes on after a stop string, as a client that was not told of it lets it.
        EvaluationResult result = await evaluator.EvaluateAsync(item.Messages,
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "It is 2. Q: three? A: 3")), additionalContext: [item],
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0, result.Get<NumericMetric>("exact_match,strict-match").Value);
        NumericMetric flexible = result.Get<NumericMetric>("exact_match,flexible-extract");
        Assert.Equal((1, "taken from the answer: 2."), (flexible.Value, flexible.Reason));
    }

    [Fact]
    public async Task Likelihood_tasks_and_unnamed_questions_are_refused()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("dev.jsonl"), """{"sentence": "a _ b", "option1": "x", "option2": "y", "answer": "1"}""");
        Assert.Contains("not answered with one text", Assert.Throws<InputException>(() =>
            new BenchmarkEvaluator(WinoGrande.Create(new TaskOptions { Data = [folder.Path] }))).Message, StringComparison.Ordinal);
        File.WriteAllText(folder.File("test.jsonl"), """{"question": "two?", "answer": "#### 2"}""");
        var evaluator = new BenchmarkEvaluator(Gsm8k.CreateChainOfThought(new TaskOptions { Data = [folder.Path] }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await evaluator.EvaluateAsync([],
            new ChatResponse(new ChatMessage(ChatRole.Assistant, "2")), cancellationToken: TestContext.Current.CancellationToken));
    }
}
