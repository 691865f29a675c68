using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace Hone.Evaluation.Tests;

public sealed class TaskRunnerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => _folder.File("replies.db");

    [Fact]
    public async Task Replies_in_any_order_reach_the_request_they_answer()
    {
        using ReplyStore store = ReplyStore.InMemory();
        TaskRun run = await TaskRunner.RunAsync(Choices(3), new FakeModel(), store, cancel: TestContext.Current.CancellationToken);
        Assert.All(run.Items, i => Assert.Equal([-1.0, -2.0], i.Replies!.Likelihoods.Select(l => l.LogProb)));
        Assert.Equal((6, 0, 0), (run.Asked, run.Stored, run.Excluded));
        Assert.Equal([1.0, 1.0, 1.0], run.Values("acc,none"));
    }

    [Fact]
    public async Task A_killed_run_goes_on_and_asks_nothing_twice()
    {
        List<string> asked = [];
        TaskRun? run = null;
        for (int kills = 0; run is null; kills++)
        {
            var model = new FakeModel { DiesAfter = 7 };
            using ReplyStore store = ReplyStore.Open(File);
            try
            {
                run = await TaskRunner.RunAsync(Choices(20), model, store, cancel: TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                Assert.True(kills < 20);
            }
            asked.AddRange(model.Asked);
        }
        Assert.Equal(40, asked.Count);
        Assert.Equal(40, asked.Distinct().Count());
        Assert.Equal((20, 0), (run.Graded.Count(), run.Excluded));
    }

    [Fact]
    public async Task A_stored_reply_holds_for_the_same_prompt_settings_and_model_only()
    {
        using ReplyStore store = ReplyStore.Open(File);
        async Task<int> Asked(EvalTask task, string identity = "fake-1")
        {
            var model = new FakeModel { Info = new ModelInfo("fake", identity) };
            await TaskRunner.RunAsync(task, model, store, cancel: TestContext.Current.CancellationToken);
            return model.Asked.Count;
        }
        Assert.Equal(1, await Asked(Question("Who?", 10)));
        Assert.Equal(0, await Asked(Question("Who?", 10)));
        Assert.Equal(1, await Asked(Question("Who? ", 10)));
        Assert.Equal(1, await Asked(Question("Who?", 11)));
        Assert.Equal(1, await Asked(Question("Who?", 10), "fake-2"));
        Assert.Equal(1, await Asked(Question("Who?", 10) with { Name = "other" }));
    }

    [Fact]
    public async Task An_item_without_a_usable_reply_is_excluded_counted_and_asked_again()
    {
        using ReplyStore store = ReplyStore.Open(File);
        EvalTask task = Question("Who?", 10);
        var failing = new FakeModel { Generate = _ => new Answer("") { Error = "HTTP 500 after 5 tries" } };
        TaskRun run = await TaskRunner.RunAsync(task, failing, store, cancel: TestContext.Current.CancellationToken);
        Assert.Equal((1, "HTTP 500 after 5 tries"), (run.Excluded, run.Items[0].Error));
        Assert.Empty(run.Values("exact_match,none"));

        run = await TaskRunner.RunAsync(task, new FakeModel(), store, cancel: TestContext.Current.CancellationToken);
        Assert.Equal((0, 1, 0), (run.Excluded, run.Asked, run.Stored));
    }

    [Fact]
    public async Task Everything_of_a_reply_survives_the_store()
    {
        var answer = new Answer("zwölf \ud83d\ude00\n\0")
        {
            FinishReason = "length",
            PromptTokens = 5,
            CompletionTokens = 7,
            DroppedTokens = 2,
            FirstTokens = [new TokenLogProb("m", -0.1), new TokenLogProb("M", -2.5)],
        };
        var likelihood = new Likelihood(double.NegativeInfinity) { IsGreedy = true, Tokens = 3, DroppedTokens = 1 };
        EvalTask task = Question("Who?", 10);
        task = task with { Items = [task.Items[0] with { Scores = [new ScoreRequest(ModelPrompt.Of("a"), "b")] }] };
        var model = new FakeModel { Generate = _ => answer, Score = _ => likelihood };
        using ReplyStore store = ReplyStore.Open(File);
        await TaskRunner.RunAsync(task, model, store, predictOnly: true, cancel: TestContext.Current.CancellationToken);
        TaskRun again = await TaskRunner.RunAsync(task, new FakeModel { DiesAfter = 0 }, store, predictOnly: true,
            cancel: TestContext.Current.CancellationToken);
        ItemReplies replies = again.Items[0].Replies!;
        Assert.Equal(likelihood, replies.Likelihoods[0]);
        Assert.Equivalent(answer, replies.Answers[0], strict: true);
    }

    [Fact]
    public void A_file_that_is_no_store_is_refused_by_name()
    {
        System.IO.File.WriteAllText(File,
            "this is a text file, long enough to be taken for a header of a database, which it is not at all");
        InputException e = Assert.Throws<InputException>(() => ReplyStore.Open(File));
        Assert.Contains("cannot be opened", e.Message, StringComparison.Ordinal);
        Assert.Contains(File, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_of_a_later_layout_is_refused()
    {
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }
        Assert.Contains("layout 99", Assert.Throws<InputException>(() => ReplyStore.Open(File)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    internal static EvalTask Choices(int items) => Task([.. Enumerable.Range(0, items).Select(i => new EvalItem
    {
        Id = $"{i}",
        Doc = new JsonObject { ["question"] = $"Q{i}" },
        Target = "0",
        Scores = [new ScoreRequest(ModelPrompt.Of($"Q{i}"), "a"), new ScoreRequest(ModelPrompt.Of($"Q{i}"), "bb")],
    })], "acc,none", (_, replies) => replies.Likelihoods[0].LogProb > replies.Likelihoods[1].LogProb ? 1 : 0);

    internal static EvalTask Question(string text, int tokens) => Task([new EvalItem
    {
        Id = "q",
        Doc = new JsonObject { ["question"] = "Who?" },
        Target = "me",
        Generations = [new GenerateRequest(ModelPrompt.Of(text), new GenerateOptions { MaxNewTokens = tokens })],
    }], "exact_match,none", (item, replies) => replies.Answers[0].Text == item.Target ? 1 : 0);

    private static EvalTask Task(IReadOnlyList<EvalItem> items, string metric, Func<EvalItem, ItemReplies, double> value) => new()
    {
        Name = "fixture",
        Version = "1",
        NumFewshot = 0,
        Settings = new Dictionary<string, string>(),
        Metrics = [metric],
        Items = items,
        Grade = (list, _) => System.Threading.Tasks.Task.FromResult<IReadOnlyList<ItemGrade>>(
            [.. list.Select(i => new ItemGrade(new Dictionary<string, double> { [metric] = value(i.Item, i.Replies) }))]),
    };
}
