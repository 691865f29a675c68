using System.Text.RegularExpressions;

namespace Hone.Runs.Tests;

public sealed class RunBoardTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Root => _folder.Path;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Runs_are_listed_with_their_states()
    {
        using var running = new GrowingRun(_folder.File("now"));
        running.Step("sft", 1, 2.5);
        using (var stopped = new GrowingRun(_folder.File("stopped"))) stopped.Step("sft", 1, 2.5);
        using (var done = new GrowingRun(_folder.File("done"))) done.Finished();
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(_folder.File("broken")).FullName, "manifest.json"), "{}");
        string page = Page("/");
        foreach ((string run, string state) in new[] { ("now", "running"), ("stopped", "stopped"), ("done", "finished") })
            Assert.Matches($"""href="/run/{run}"[\s\S]{"{1,200}"}class="state {state}""", page);
        Assert.Contains("manifest.json is cut off", page, StringComparison.Ordinal);
        Assert.Contains("81.2", page, StringComparison.Ordinal); // the released policy's win rate
    }

    [Fact]
    public void A_run_that_goes_on_is_drawn_as_far_as_it_has_come()
    {
        using var run = new GrowingRun(_folder.File("now"));
        run.Step("sft", 1, 2.5);
        run.Step("sft", 2, 2.25);
        string page = Page("/run/now");
        Assert.Contains("now sft", page, StringComparison.Ordinal);
        Assert.Contains("Loss: SFT", page, StringComparison.Ordinal);
        Assert.DoesNotContain("The online iterations", page, StringComparison.Ordinal);
        run.Iteration(1, 4);
        page = Page("/run/now");
        Assert.Contains("The online iterations", page, StringComparison.Ordinal);
        Assert.Contains("best of 4", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_is_known_to_be_the_same_until_a_file_changes()
    {
        using var run = new GrowingRun(_folder.File("now"));
        run.Step("sft", 1, 2.5);
        var board = new RunBoard(Root);
        foreach (string path in new[] { "/", "/run/now", "/run/now/curves", "/run/now/samples", "/run/now/recipe" })
        {
            BoardAnswer first = board.Answer(Address(path));
            Assert.Equal(200, first.Status);
            Assert.Equal(304, board.Answer(Address(path), first.Version).Status);
            run.Step("sft", 2, 2.25);
            Assert.Equal(200, board.Answer(Address(path), first.Version).Status);
        }
    }

    [Fact]
    public void Curves_of_runs_lie_over_each_other_and_recipes_are_told_apart()
    {
        using var a = new GrowingRun(_folder.File("a"));
        using var b = new GrowingRun(_folder.File("b"), changes: "sft:\n  epochs: 3\n");
        foreach (GrowingRun run in new[] { a, b })
        {
            for (int step = 1; step <= 40; step++) run.Step("sft", step, 2.5 - step / 100.0);
            for (int iteration = 1; iteration <= 2; iteration++)
            {
                run.Iteration(iteration, 4);
                for (int step = 1; step <= 10; step++) run.Step($"online-{iteration}/dpo", step, 0.7 - step / 100.0);
            }
        }
        string page = Page("/compare", ("run", "a"), ("run", "b"));
        Assert.Matches("<th scope=\"row\"><code>sft.epochs</code></th><td><code>[12]</code></td><td><code>3</code></td>", page);
        Assert.DoesNotContain("<code>sft.batch_size</code>", page, StringComparison.Ordinal);
        foreach (string color in new[] { "c-run1", "c-run2" })
            Assert.Contains($"class=\"line {color}\"", page, StringComparison.Ordinal);
        foreach (string title in new[] { "Mean reward", "Best of n", "Loss", "Margin", "Tokens per second", "Memory", "Ended answers" })
            Assert.Contains($"<h4>{title}</h4>", page, StringComparison.Ordinal);
        Assert.Contains("step, iterations end to end", page, StringComparison.Ordinal);
        Assert.Contains(">20</text>", page, StringComparison.Ordinal); // two iterations of ten steps
        string only = Page("/run/a/curves", ("stage", "sft"), ("smooth", "1"));
        Assert.DoesNotContain("online iterations</h2>", only, StringComparison.Ordinal);
        Assert.DoesNotContain("faint", only, StringComparison.Ordinal);
        Assert.Contains("faint", Page("/run/a/curves", ("smooth", "5")), StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_are_read_a_few_at_a_time_with_what_was_paired()
    {
        using var run = new GrowingRun(_folder.File("now"));
        run.Iteration(1, 25);
        string page = Page("/run/now/samples");
        Assert.Equal(10, Regex.Count(page, "<article "));
        Assert.Contains("Rows 1 to 10 of 25.", page, StringComparison.Ordinal);
        Assert.Equal(5, Regex.Count(page, "class=\"tag chosen\""));
        Assert.Matches("tag rejected[\\s\\S]{1,600}an answer 0 1<", page);
        Assert.Contains("href=\"/run/now/samples?at=10\"", page, StringComparison.Ordinal);
        Assert.Equal(5, Regex.Count(Page("/run/now/samples", ("at", "20")), "<article "));
        Assert.Equal(12, Cards(("only", "unpaired")));
        Assert.Equal(1, Cards(("only", "cut")));
        Assert.Equal(1, Cards(("q", "PROMPT 17")));
        Assert.Contains("Nothing found", Page("/run/now/samples", ("q", "nowhere")), StringComparison.Ordinal);

        int Cards((string, string) filter)
        {
            int cards = 0;
            for (int at = 0; at < 25;)
            {
                string found = Page("/run/now/samples", filter, ("at", $"{at}"));
                cards += Regex.Count(found, "<article ");
                Match next = Regex.Match(found, "at=(\\d+)\">Go on");
                at = next.Success ? int.Parse(next.Groups[1].Value) : 25;
            }
            return cards;
        }
    }

    [Fact]
    public void One_prompt_is_followed_from_sft_to_the_last_iteration()
    {
        using var run = new GrowingRun(_folder.File("now"));
        run.Evaluated("online-dpo-10", 3, 2);
        run.Evaluated("online-dpo-2", 3, 1);
        run.Evaluated("sft", 3, 0);
        string page = Page("/run/now/samples");
        Assert.Matches("sft says 0[\\s\\S]+online-dpo-2 says 0[\\s\\S]+online-dpo-10 says 0[\\s\\S]+sft says 1", page);
        Assert.Contains("gold 2.00", page, StringComparison.Ordinal);
        Assert.Equal(3, Regex.Count(Page("/run/now/samples", ("only", "better")), "<article "));
        Assert.Equal(0, Regex.Count(Page("/run/now/samples", ("only", "worse")), "<article "));
    }

    [Fact]
    public void Hostile_names_recipes_and_answers_stay_text()
    {
        const string Hostile = "<img src=x>";
        using var run = new GrowingRun(_folder.File(Hostile), changes: "  filters: ['lang=<script>alert(1)</script>']\n");
        run.Iteration(1, 2, answer: FakeRun.Attack);
        foreach (string path in new[] { "/", $"/run/{Hostile}", $"/run/{Hostile}/samples", $"/run/{Hostile}/recipe", "/compare" })
        {
            string page = Page(path, ("run", Hostile), ("q", "<script>"));
            Assert.Contains("&lt;", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        }
        Assert.Contains("value=\"&quot;&gt;&lt;b&gt;\"", Page($"/run/{Hostile}/samples", ("q", "\"><b>")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/run/..")]
    [InlineData("/run/../../etc/passwd")]
    [InlineData("/run/now/../..")]
    [InlineData("/run/now/stage.json")]
    [InlineData("/run/")]
    [InlineData("/run/\0")]
    [InlineData("/etc/passwd")]
    public void No_address_is_a_path(string path)
    {
        using var run = new GrowingRun(_folder.File("now"));
        Assert.Equal(404, new RunBoard(Root).Answer(Address(path)).Status);
    }

    [Fact]
    public void Damaged_rows_are_left_out_and_damaged_metrics_said()
    {
        using var run = new GrowingRun(_folder.File("now"));
        run.Iteration(1, 3);
        string scored = _folder.File("now/online-1/pairs/scored.jsonl");
        string[] lines = File.ReadAllLines(scored);
        File.WriteAllText(scored, $"{lines[0]}\n{{\"prompt\"\n{lines[2]}\n{lines[1][..20]}");
        Assert.Equal(2, Regex.Count(Page("/run/now/samples"), "<article "));
        File.WriteAllText(_folder.File("now/metrics.jsonl"), "no row\n{}\n");
        Assert.Contains("not a metrics row", Page("/run/now/curves"), StringComparison.Ordinal);
        File.WriteAllText(_folder.File("now/online-1/pairs/health.json"), "{");
        Assert.Contains("1 stage done", Page("/run/now"), StringComparison.Ordinal);
    }

    [Fact]
    public void Looking_writes_nothing()
    {
        using (var run = new GrowingRun(_folder.File("now"))) run.Iteration(1, 3);
        string Files() => string.Join('\n', Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order()
            .Select(f => $"{f} {File.GetLastWriteTimeUtc(f).Ticks}"));
        string before = Files();
        foreach (string path in new[] { "/", "/run/now", "/run/now/curves", "/run/now/samples", "/run/now/recipe" }) Page(path);
        Assert.Equal(before, Files());
    }

    [Fact]
    public void The_folder_of_a_run_is_a_board_of_one()
    {
        using var run = new GrowingRun(_folder.File("now"));
        Assert.Contains("href=\"/run/now\"", new RunBoard(run.Path).Answer(Address("/")).Page, StringComparison.Ordinal);
    }

    /// <summary>Being looked at must not refuse a run its own folder: a look has its lock for an instant.</summary>
    [Fact]
    public async Task A_run_is_taken_up_while_a_board_looks_at_it()
    {
        new GrowingRun(_folder.File("now")).Dispose();
        using var stop = new CancellationTokenSource();
        Task looking = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested) RunFolder.InUse(_folder.File("now"));
        }, TestContext.Current.CancellationToken);
        for (int i = 0; i < 20; i++) RunFolder.Resume(_folder.File("now"), TimeProvider.System).Dispose();
        await stop.CancelAsync();
        await looking;
    }

    private string Page(string path, params (string, string)[] query) => new RunBoard(Root).Answer(Address(path, query)).Page;

    internal static PageAddress Address(string path, params (string Name, string Value)[] query) =>
        new(path, [.. query.Select(q => KeyValuePair.Create(q.Name, q.Value))]);
}
