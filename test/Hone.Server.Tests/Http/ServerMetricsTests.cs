namespace Hone.Server.Tests;

public sealed class ServerMetricsTests
{
    [Fact]
    public void The_text_is_Prometheus()
    {
        var metrics = new ServerMetrics();
        metrics.Answered("/v1/completions", 200);
        metrics.Answered("/v1/completions", 200);
        metrics.Answered("other", 404);
        metrics.Prompt(7);
        metrics.Sampled();
        metrics.Run(2);
        metrics.FirstToken(TimeSpan.FromSeconds(0.03));
        metrics.FirstToken(TimeSpan.FromSeconds(100));
        string[] lines = metrics.ToText().Split('\n');
        Assert.Contains("hone_requests_total{route=\"/v1/completions\",status=\"200\"} 2", lines);
        Assert.Contains("hone_requests_total{route=\"other\",status=\"404\"} 1", lines);
        Assert.Contains("hone_prompt_tokens_total 7", lines);
        Assert.Contains("hone_sampled_tokens_total 1", lines);
        Assert.Contains("hone_requests_running 2", lines);
        Assert.Contains("hone_time_to_first_token_seconds_bucket{le=\"0.025\"} 0", lines);
        Assert.Contains("hone_time_to_first_token_seconds_bucket{le=\"0.05\"} 1", lines);
        Assert.Contains("hone_time_to_first_token_seconds_bucket{le=\"60\"} 1", lines);
        Assert.Contains("hone_time_to_first_token_seconds_bucket{le=\"+Inf\"} 2", lines);
        Assert.Contains("hone_time_to_first_token_seconds_sum 100.03", lines);
        Assert.All(lines[..^1], l => Assert.Matches("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{.+\\})? [0-9.e+-]+)$", l));
    }

    /// <summary>Whoever asked at that moment got status 500.</summary>
    [Fact]
    public async Task An_answer_of_a_new_kind_while_the_metrics_are_read_harms_nobody()
    {
        for (int round = 0; round < 500; round++)
        {
            var metrics = new ServerMetrics();
            Task answers = Task.Run(() =>
            {
                for (int status = 0; status < 50; status++) metrics.Answered("/v1/completions", status);
            }, TestContext.Current.CancellationToken);
            do Assert.StartsWith("# HELP hone_requests_total", metrics.ToText(), StringComparison.Ordinal);
            while (!answers.IsCompleted);
            await answers;
        }
    }
}
