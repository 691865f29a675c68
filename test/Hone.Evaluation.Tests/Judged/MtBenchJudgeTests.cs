using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

/// <summary>A judge that replays stored judgments, known by the prompt that FastChat had sent.</summary>
public sealed class MtBenchJudgeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Prompts_are_those_that_were_sent_and_the_replayed_judgments_give_the_published_scores()
    {
        string file = SharedData.Require("eval/expected/mt_bench/jxiw_MambaInLlama_gpt-4_single.jsonl.gz");
        var published = MtBenchScore.OfFile(file).ToDictionary(s => s.Model);
        JsonObject[] rows = [.. QuestionFile.Read(file)];
        int asked = 0, judged = 0;
        foreach (IGrouping<string, JsonObject> model in rows.GroupBy(r => (string)r["model"]!))
        {
            // A judgment of turn 2 holds both answers.
            var answers = model.Where(r => (int)r["turn"]! == 2)
                .ToDictionary(r => (int)r["question_id"]!, r => Answers((string)r["user_prompt"]!));
            var sent = model.ToDictionary(r => (string)r["user_prompt"]!, r => (string)r["judgment"]!);
            string given = _folder.File($"{model.Key}.jsonl"), output = _folder.File($"{model.Key}.judged.jsonl");
            File.WriteAllLines(given, answers.Select(a => new JsonObject
            {
                ["question_id"] = a.Key, ["model_id"] = model.Key,
                ["choices"] = new JsonArray(new JsonObject { ["turns"] = new JsonArray(a.Value[0], a.Value[1]) })
            }.ToJsonString()));
            var judge = new FakeModel
            {
                Generate = r => new Answer(sent[r.Prompt.Messages![^1].Content])
                {
                    PromptTokens = 10,
                    CompletionTokens = 2
                }
            };
            using ReplyStore store = ReplyStore.InMemory();
            JudgedRun run = await MtBenchJudge.JudgeAsync(judge, SharedData.Require("eval/mt_bench/question.jsonl"), given, Prompts(),
                output, new RequestOptions(store), cancel: TestContext.Current.CancellationToken);
            Assert.Equal((160, 160, 0, 1600L), (run.Rows, run.Asked, run.Failed, run.PromptTokens));
            MtBenchScore score = Assert.Single(MtBenchScore.OfFile(output));
            Assert.Equal(published[model.Key], score);
            asked += run.Asked;
            judged++;
        }
        Assert.Equal((6, 960), (judged, asked));
    }

    [Fact]
    public async Task Temperatures_follow_the_category_and_the_second_turn_sees_the_models_own_first_answer()
    {
        var seen = new List<GenerateRequest>();
        var model =
            new FakeModel { Generate = r => { lock (seen) seen.Add(r); return new Answer($" answer {r.Prompt.Messages!.Count} "); } };
        using ReplyStore store = ReplyStore.InMemory();
        string output = _folder.File("answers.jsonl");
        JudgedRun run = await MtBenchAnswers.GenerateAsync(model, SharedData.Require("eval/mt_bench/question.jsonl"), output,
            new RequestOptions(store), cancel: TestContext.Current.CancellationToken);
        Assert.Equal((80, 160), (run.Rows, run.Asked));
        Assert.Equal([0.0, 0.1, 0.7], seen.Select(r => r.Options.Temperature).Distinct().Order());
        Assert.Equal(2 * 40, seen.Count(r => r.Options.Temperature == 0)); // extraction, math, coding, reasoning
        Assert.All(seen, r => Assert.Equal(1024, r.Options.MaxNewTokens));
        Assert.All(seen.Where(r => r.Prompt.Messages!.Count == 3),
            r => Assert.Equal(("assistant", "answer 1"), (r.Prompt.Messages![1].Role, r.Prompt.Messages[1].Content)));
        Assert.All(MtBenchQuestion.ReadAnswers(output, out string name).Values, turns => Assert.Equal(["answer 1", "answer 3"], turns));
        Assert.Equal("fake", name);
    }

    [Fact]
    public async Task A_judgment_without_a_grade_is_in_no_mean_and_an_unanswered_one_is_asked_again()
    {
        int calls = 0;
        var judge = new FakeModel
        {
            Info = new ModelInfo("M", "m-1"),
            Generate = r => r.Prompt.Messages![^1].Content.Contains("Hawaii", StringComparison.Ordinal) && calls++ == 0
                ? new Answer("") { Error = "cut" }
                : r.Prompt.Messages[^1].Content.Length % 2 == 0 ? new Answer("I cannot say.") : new Answer("Fine. Rating: [[7]]"),
        };
        string answers = _folder.File("a.jsonl"), output = _folder.File("j.jsonl");
        File.WriteAllLines(answers, Enumerable.Range(81, 10).Select(id => $$"""{"question_id": {{id}}, "model_id": "m","""
            + $$""" "choices": [{"turns": ["one{{new string('x', id % 3)}}", ":"]}]}"""));
        using ReplyStore store = ReplyStore.InMemory();
        Task<JudgedRun> Judge() => MtBenchJudge.JudgeAsync(judge, SharedData.Require("eval/mt_bench/question.jsonl"), answers, Prompts(),
            output, new RequestOptions(store), cancel: TestContext.Current.CancellationToken);
        JudgedRun run = await Judge();
        Assert.Equal((20, 20, 1), (run.Rows, run.Asked, run.Failed));
        Assert.InRange(run.Unusable, 3, 17);
        Assert.Equal(10, run.Flags[AnswerFlags.PunctuationOnly]);
        Assert.Contains(run.Warnings, w => w.Contains("the judge is m itself", StringComparison.Ordinal));
        Assert.Contains(run.Warnings, w => w.StartsWith("70 of 80 questions", StringComparison.Ordinal));
        MtBenchScore score = Assert.Single(MtBenchScore.OfFile(output));
        Assert.Equal((7.0, 20 - run.Unusable - 1, run.Unusable + 1), (score.Average, score.Valid, score.Excluded));
        JudgedRun again = await Judge();
        Assert.Equal((1, 19, 0), (again.Asked, again.Stored, again.Failed));
    }

    [Fact]
    public async Task A_pair_is_won_only_where_both_orders_agree()
    {
        // The judge likes "good", and where both are alike whoever is shown first.
        var judge = new FakeModel
        {
            Generate = r =>
            {
                string prompt = r.Prompt.Messages![^1].Content;
                int a = prompt.IndexOf("Assistant A", StringComparison.Ordinal), b = prompt.IndexOf("Assistant B",
                    StringComparison.Ordinal), good = prompt.LastIndexOf("good", StringComparison.Ordinal);
                return new Answer(good < 0 || (good > a && good < b) ? "[[A]]" : "so [[B]]");
            },
        };
        string one = Write("one", "good"), two = Write("two", "poor"), output = _folder.File("pair.jsonl");
        using ReplyStore store = ReplyStore.InMemory();
        string questions = _folder.File("q.jsonl");
        File.WriteAllLines(questions, [.. QuestionFile.Read(SharedData.Require("eval/mt_bench/question.jsonl")).Take(20)
            .Select(q => q.ToJsonString().Replace("good", "fine", StringComparison.Ordinal))]);
        JudgedRun run = await MtBenchPairJudge.JudgeAsync(judge, questions, one, two, Prompts(), output, new RequestOptions(store),
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal((40, 80), (run.Rows, run.Asked));
        MtBenchPairScore score = MtBenchPairScore.OfFile(output, "two").Single();
        // Every fourth question has two poor answers, and the judge then contradicts itself: a tie.
        Assert.Equal(("one", 30, 0, 10, 0.875), (score.Model, score.Wins, score.Losses, score.Ties, score.WinRateAdjusted));

        string Write(string name, string word)
        {
            string path = _folder.File($"{name}.jsonl");
            File.WriteAllLines(path, Enumerable.Range(81, 20).Select(id => $$"""{"question_id": {{id}}, "model_id": "{{name}}","""
                + $$""" "choices": [{"turns": ["{{(id % 4 == 0 ? "poor" : word)}}", "{{(id % 4 == 0 ? "poor" : word)}}"]}]}"""));
            return path;
        }
    }

    public void Dispose() => _folder.Dispose();

    private static MtBenchPrompts Prompts() => MtBenchPrompts.Load(SharedData.Require("eval/mt_bench/judge_prompts.jsonl"),
        SharedData.Require("eval/mt_bench/reference_answer_gpt-4.jsonl"));

    /// <summary>The two answers in a prompt of two turns.</summary>
    private static string[] Answers(string prompt)
    {
        const string Mark = "### Assistant A:\n";
        string[] parts = prompt.Split("<|The Start of Assistant A's Conversation with User|>")[^1].Split(Mark);
        string second = parts[2][..parts[2].LastIndexOf("\n\n<|The End of Assistant A's", StringComparison.Ordinal)];
        return [parts[1][..parts[1].LastIndexOf("\n\n### User:\n", StringComparison.Ordinal)], second];
    }
}
