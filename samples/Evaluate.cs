using Hone.Evaluation;
using Hone.Workflow;

namespace Samples;

/// <summary>A published benchmark through the library: the figures of <c>hone eval</c>.</summary>
internal static class Evaluate
{
    public static async Task Run(string folder, string questions)
    {
        using var model = LocalLanguageModel.Open(folder);
        EvalTask whole = TaskCatalog.Tasks.First(t => t.Name == "arc_challenge").Create(new TaskOptions { Data = [questions] });
        EvalTask task = whole with { Items = [.. whole.Items.Take(20)] };
        TaskRun run = await TaskRunner.RunAsync(task, model, ReplyStore.InMemory());
        foreach (MetricSummary metric in TaskSummary.Of(run).Metrics)
            Console.WriteLine($"{task.Name} {metric.Metric}: {metric.Value:F3} +- {metric.StandardError:F3} on {metric.Items} questions");
    }
}
