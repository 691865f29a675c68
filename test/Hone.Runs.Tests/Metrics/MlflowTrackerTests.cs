using System.Text.Json.Nodes;
using Hone.Runs.Metrics;

namespace Hone.Runs.Tests.Metrics;

/// <summary>The tracker against a server that answers as MLflow's REST API says it does.</summary>
public class MlflowTrackerTests
{
    private static readonly Dictionary<string, double> s_row = new() { ["loss"] = 0.5, ["lr"] = 1e-5, ["kl"] = double.NaN };

    [Fact]
    public void A_stage_is_a_run_with_its_parameters_and_metrics()
    {
        using RawServer server = new(Answer);
        List<string> said = [];
        using (var tracker = new MlflowTracker(server.Address, "mine", [new("sft.epochs", "2", "default")], new TestClock(), said.Add))
        {
            tracker.Begin("base", [], more: true);
            tracker.Begin("sft", [], more: true);
            tracker.Append("sft", 10, s_row);
            tracker.End();
        }
        Assert.Empty(said);
        (string Path, JsonNode Body)[] posts = Posts(server);
        Assert.Equal(["experiments/create", "runs/create", "runs/log-batch", "runs/log-batch", "runs/update"], posts.Select(p => p.Path));
        Assert.Equal("mine/sft", (string?)posts[1].Body["run_name"]);
        Assert.Equal("""[{"key":"sft.epochs","value":"2"}]""", posts[2].Body["params"]!.ToJsonString());
        JsonNode[] metrics = [.. posts[3].Body["metrics"]!.AsArray().Select(m => m!)];
        Assert.Equal([("train/loss", 0.5, 10), ("train/learning_rate", 1e-5, 10)],
            metrics.Select(m => ((string)m["key"]!, (double)m["value"]!, (int)m["step"]!)));
        Assert.Equal(new TestClock().Now.ToUnixTimeMilliseconds(), (long)metrics[0]["timestamp"]!);
        Assert.Equal(("run-1", "FINISHED"), ((string?)posts[4].Body["run_id"], (string?)posts[4].Body["status"]));
    }

    [Fact]
    public void What_was_measured_before_is_sent_first_and_a_cut_off_run_is_not_called_finished()
    {
        using RawServer server = new(Answer);
        using (var tracker = new MlflowTracker(server.Address, "mine", [], new TestClock(), _ => { }))
            tracker.Begin("sft", [new MetricsRow("sft", 1, s_row), new MetricsRow("sft", 2, s_row)], more: true);
        (string Path, JsonNode Body)[] posts = Posts(server);
        Assert.Equal([1, 1, 2, 2], posts.Single(p => p.Path == "runs/log-batch").Body["metrics"]!.AsArray().Select(m => (int)m!["step"]!));
        Assert.Equal("KILLED", (string?)posts[^1].Body["status"]);
    }

    [Theory]
    [InlineData(500, "{}")]
    [InlineData(200, "not json")]
    [InlineData(200, "{}")]
    public void A_server_that_fails_is_said_once_and_asked_no_more(int status, string body)
    {
        using RawServer server = new(_ => RawReply.Text(status, body));
        List<string> said = [];
        using (var tracker = new MlflowTracker(server.Address, "mine", [], new TestClock(), said.Add))
        {
            tracker.Begin("sft", [], more: true);
            for (int step = 1; step <= 3; step++) tracker.Append("sft", step, s_row);
        }
        Assert.Contains("no longer sent to MLflow", Assert.Single(said), StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    private static RawReply Answer(RawRequest request) => request.Path.Contains("get-by-name", StringComparison.Ordinal)
        ? RawReply.Text(404, """{"error_code": "RESOURCE_DOES_NOT_EXIST"}""")
        : RawReply.Text(200, request.Path.Contains("experiments/create", StringComparison.Ordinal) ? """{"experiment_id": "7"}"""
            : request.Path.Contains("runs/create", StringComparison.Ordinal) ? """{"run": {"info": {"run_id": "run-1"}}}""" : "{}");

    private static (string Path, JsonNode Body)[] Posts(RawServer server) => [.. server.Requests.Where(r => r.Method == "POST")
        .Select(r => (r.Path.Replace("/api/2.0/mlflow/", "", StringComparison.Ordinal), JsonNode.Parse(r.Body)!))];
}
