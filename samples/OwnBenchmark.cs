using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Text;
using Hone.Workflow;

namespace Samples;

/// <summary>A benchmark of one's own is an <see cref="EvalTask"/>: items with prompts, and a rule that grades the answers.</summary>
internal static class OwnBenchmark
{
    private static readonly string[] s_topics = ["sleep", "tea", "bread"];

    public static async Task Run(string folder)
    {
        using var model = LocalLanguageModel.Open(folder);
        var task = new EvalTask
        {
            Name = "names_the_topic",
            Version = "1",
            NumFewshot = 0,
            Settings = new Dictionary<string, string> { ["max_new_tokens"] = "48" },
            Metrics = ["acc,none"],
            Items = [.. s_topics.Select(Question)],
            Grade = (items, _) => Task.FromResult<IReadOnlyList<ItemGrade>>([.. items.Select(i => Grade(i.Item, i.Replies.Answers[0]))]),
        };
        MetricSummary accuracy = TaskSummary.Of(await TaskRunner.RunAsync(task, model, ReplyStore.InMemory())).Metrics[0];
        Interval interval = Proportion.Wilson(accuracy.Value * accuracy.Items, accuracy.Items);
        Console.WriteLine($"{task.Name}: {accuracy.Value:P0} [{interval.Low:P0}, {interval.High:P0}] of {accuracy.Items}");
    }

    private static EvalItem Question(string topic) => new()
    {
        Id = topic,
        Doc = new JsonObject { ["topic"] = topic },
        Target = topic,
        Generations =
        [
            new GenerateRequest(
                ModelPrompt.Of([ChatMessage.User($"Give me advice about {topic}.")]), new GenerateOptions { MaxNewTokens = 48 }),
        ],
    };

    private static ItemGrade Grade(EvalItem item, Answer answer) => new(new Dictionary<string, double>
    {
        ["acc,none"] = answer.Text.Contains(item.Target, StringComparison.OrdinalIgnoreCase) ? 1 : 0,
    });
}
