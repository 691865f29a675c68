using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Runs.Recipes;
using Hone.Workflow.Workers;
using Microsoft.AspNetCore.Http;

namespace Hone.Workflow.Tests.Workers;

/// <summary>Answers of workers, with all that can go wrong with a server on the way.</summary>
public sealed class WorkerEngineTests : FleetTest
{
    [Fact]
    public async Task Two_servers_of_hone_write_the_file_that_this_process_writes()
    {
        string a = await ServeAsync(Model(1)), b = await ServeAsync(Model(1));
        Assert.Equal(Here(), Text(await SampleAsync(Fleet(a, b))));
        Assert.Contains($"worker {a}: 1 by /inference/v1/generate", Said);
    }

    [Theory]
    [InlineData(Speaks.Vllm)]
    [InlineData(Speaks.Completions)]
    internal async Task Every_route_gives_the_same_answers(Speaks speaks)
    {
        StandIn server = await StandInAsync(speaks);
        Assert.Equal(Here(), Text(await SampleAsync(Fleet(server.Url))));
        // One request for all answers of a group.
        Assert.Equal(Prompts.Count * 2, server.Asked.Count);
        Assert.All(server.Asked, body => Assert.InRange((int)(body["sampling_params"] ?? body)["n"]!, 1, 2));
        if (speaks == Speaks.Vllm) Assert.All(server.All.Skip(1), body => Assert.Equal("v1", (string?)body["cache_salt"]));
    }

    [Fact]
    public async Task Sglang_answers_without_seeds()
    {
        StandIn server = await StandInAsync(Speaks.Sglang);
        IReadOnlyList<SampleRow> rows = await SampleAsync(Fleet(server.Url));
        Assert.Equal(Prompts.Count, rows.Count);
        Assert.All(rows, row => Assert.Equal(3, row.Count));
        Assert.DoesNotContain(server.All, body => body.ToJsonString().Contains("seed", StringComparison.Ordinal));
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "500", "500 Internal Server Error" },
        { "hang", "no answer within 1 s" },
        { "cut", "" },
        { "too few", "2 answers were asked for, 1 came" },
        { "too many", "2 answers were asked for, and there is one with the index 2" },
        { "twice", "2 answers were asked for, and there is one with the index 0" },
        { "NaN", "a token has the log-probability NaN" },
        { "above zero", "a token has the log-probability 0.5" },
        { "no log-probabilities", "log-probabilities" },
        { "foreign id", "outside the model's vocabulary" },
        { "no end", "an answer" },
        { "cut off", "the server's context is shorter" },
        { "aborted", "an answer ended with `abort`" },
        { "no JSON", "is not what the API promises" },
        { "redirect", "307" },
        { "other model", "404 Not Found: The model `base` does not exist." },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_is_wrong_is_found_and_asked_of_another(string fault, string said)
    {
        StandIn broken = await StandInAsync(Speaks.Vllm), good = await StandInAsync(Speaks.Vllm);
        Break(broken, fault);
        WorkerFleet fleet = Fleet(new WorkerOptions { Timeout = fault == "hang" ? 1 : 5, Requests = 4 }, broken.Url, good.Url);
        bool Told() => Said.Any(line => line.StartsWith($"worker {broken.Url}: ", StringComparison.Ordinal)
            && line.Contains(said, StringComparison.Ordinal));
        // Else it might have answered all before the other one has answered anything.
        good.Before = async (_, body) =>
        {
            for (int i = 0; i < 300 && fault != "hang" && !StandIn.IsProof(body) && !Told(); i++) await Task.Delay(10);
            return false;
        };
        Assert.Equal(Here(), Text(await SampleAsync(fleet)));
        Assert.True(Told(), string.Join('\n', Said));
        Assert.Equal(good.Asked.Count, good.Asked.DistinctBy(b => b["sampling_params"]!["seed"]!.ToJsonString()).Count());
    }

    [Theory]
    [InlineData("500", "500 Internal Server Error")]
    [InlineData("too few", "2 answers were asked for, 1 came")]
    [InlineData("NaN", "a token has the log-probability NaN")]
    [InlineData("other model", "The model `base` does not exist")]
    public async Task When_none_is_left_the_stage_stops_by_name(string fault, string said)
    {
        StandIn broken = await StandInAsync(Speaks.Vllm);
        Break(broken, fault);
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(broken.Url)));
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.Contains(broken.Url, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_from_the_beginning_holds_nobody_up()
    {
        StandIn hanging = await StandInAsync(Speaks.Vllm), good = await StandInAsync(Speaks.Vllm);
        WorkerFleet fleet = Fleet(new WorkerOptions { Timeout = 600 }, hanging.Url, good.Url);
        int asked = 0;
        hanging.Before = async (http, _) =>
        {
            if (Interlocked.Increment(ref asked) == 1) return false; // the one that tells its route
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        Assert.Equal(Here(), Text(await SampleAsync(fleet)));
        Assert.Empty(hanging.Asked);
    }

    [Fact]
    public async Task One_of_several_models_is_named_behind_the_address()
    {
        string server = await ServeAsync(Model(2), Model(1));
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server)));
        Assert.Contains($"{server} serves 2, 1", e.Message, StringComparison.Ordinal);
        Assert.Equal(Here(), Text(await SampleAsync(Fleet($"{server}/v1#1"))));
    }

    [Fact]
    public async Task Nobody_there_is_told_by_address()
    {
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet("http://127.0.0.1:9", "http://127.0.0.1:19")));
        Assert.Contains("http://127.0.0.1:9: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:19: ", e.Message, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => Fleet("http://127.0.0.1:9", "http://127.0.0.1:9/v1"));
    }

    [Fact]
    public async Task A_redirect_is_followed_nowhere()
    {
        StandIn other = await StandInAsync(Speaks.Vllm), server = await StandInAsync(Speaks.Vllm);
        server.Before = (http, _) =>
        {
            http.Response.Redirect($"{other.Url}{http.Request.Path}", permanent: false, preserveMethod: true);
            return Task.FromResult(true);
        };
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url)));
        Assert.Contains("307", e.Message, StringComparison.Ordinal);
        Assert.Empty(other.All);
    }

    [Fact]
    public async Task A_worker_killed_in_the_middle_changes_nothing()
    {
        StandIn killed = await StandInAsync(Speaks.Vllm);
        string good = await ServeAsync(Model(1));
        int asked = 0;
        killed.Before = async (http, body) =>
        {
            if (StandIn.IsProof(body) || Interlocked.Increment(ref asked) < 5) return false;
            http.Abort();
            await killed.KillAsync();
            return true;
        };
        WorkerFleet fleet = Fleet(new WorkerOptions { Requests = 2 }, killed.Url, good);
        Assert.Equal(Here(), Text(await SampleAsync(fleet)));
        Assert.Contains(Said, line => line.StartsWith($"worker {killed.Url}: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_answered_before_a_kill_is_not_asked_again()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        using var stop = new CancellationTokenSource();
        int asked = 0;
        server.Before = (_, body) =>
        {
            if (!StandIn.IsProof(body) && Interlocked.Increment(ref asked) == 10) stop.Cancel();
            return Task.FromResult(false);
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SampleAsync(Fleet(new WorkerOptions { Requests = 1 }, server.Url), cancel: stop.Token));
        Assert.Equal(Here(), Text(await SampleAsync(Fleet(server.Url))));
        Assert.InRange(server.Asked.Count, Prompts.Count * 2, (Prompts.Count * 2) + 1); // one was under way
        Assert.Contains("9 prompts were answered before", Said);
    }

    [Fact]
    public async Task A_server_without_a_route_of_token_ids_is_refused_by_name()
    {
        StandIn server = await StandInAsync(Speaks.Completions);
        server.Change = (_, answer) =>
        {
            foreach (JsonNode? choice in answer["choices"]!.AsArray()) choice!.AsObject().Remove("token_ids");
            return answer;
        };
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url)));
        Assert.Contains("no token ids are returned", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_workers_do_not_sample_by_is_refused()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        IGenerationEngine engine = await Task.Run(() => Fleet(server.Url)
            .Engine(Policy, new WorkerTarget(Policy.Path, "v1", true), Folder.File("kept/answers.db"), CancellationToken.None)!);
        SamplingOptions[] refused =
        [
            new() { MinP = 0.1 }, new() { TypicalP = 0.5 }, new() { RepetitionPenalty = 1.1 }, new() { StopStrings = ["x"] },
            new() { Beams = 2 }, new() { Constraint = OutputConstraint.Regex("a") },
        ];
        foreach (SamplingOptions options in refused)
            Assert.Contains("workers sample with", Assert.Throws<InputException>(() => engine.Submit([new([1], options)])).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_that_change_while_they_answer_are_found()
    {
        StandIn server = await StandInAsync(Speaks.Vllm);
        int asked = 0;
        server.Before = (_, body) =>
        {
            if (!StandIn.IsProof(body) && Interlocked.Increment(ref asked) == 10) server.Swap(Model(2));
            return Task.FromResult(false);
        };
        InputException e = await Assert.ThrowsAsync<InputException>(() => SampleAsync(Fleet(server.Url)));
        Assert.Contains("have changed while it answered", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File("kept/answers.db")));
    }

    private static void Break(StandIn server, string fault)
    {
        server.Before = fault switch
        {
            "500" => (http, body) => Status(http, body, 500),
            "other model" => (http, body) => Status(http, body, 404, "The model `base` does not exist."),
            "hang" => HangAsync,
            "cut" => CutAsync,
            "redirect" => RedirectAsync,
            _ => null,
        };
        server.Change = (body, answer) =>
        {
            if (StandIn.IsProof(body) || (int)body["sampling_params"]!["n"]! < 2) return answer;
            JsonArray choices = answer["choices"]!.AsArray();
            JsonNode first = choices[0]!;
            JsonArray content = first["logprobs"]!["content"]!.AsArray();
            switch (fault)
            {
                case "too few": choices.RemoveAt(1); break;
                case "too many":
                    JsonNode third = first.DeepClone();
                    third["index"] = 2;
                    choices.Add(third);
                    break;
                case "twice": choices[1]!["index"] = 0; break;
                case "NaN": content[0]!["logprob"] = null; break;
                case "above zero": content[0]!["logprob"] = 0.5; break;
                case "no log-probabilities": content.RemoveAt(0); break;
                case "foreign id": first["token_ids"]![0] = 1_000_000; break;
                case "no end": (first["finish_reason"], first["token_ids"]) = ("stop", new JsonArray(7, 8)); break;
                case "cut off":
                    (first["finish_reason"], first["token_ids"]) = ("length", new JsonArray(7));
                    first["logprobs"]!["content"] = new JsonArray(content[0]!.DeepClone());
                    break;
                case "aborted":
                    (first["finish_reason"], first["token_ids"]) = ("abort", new JsonArray(7));
                    first["logprobs"]!["content"] = new JsonArray(content[0]!.DeepClone());
                    break;
                case "no JSON": return JsonValue.Create("text");
            }
            return answer;
        };
    }

    private static async Task<bool> HangAsync(HttpContext http, JsonNode body)
    {
        if (StandIn.IsProof(body)) return false;
        await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        return true;
    }

    private static async Task<bool> CutAsync(HttpContext http, JsonNode body)
    {
        if (StandIn.IsProof(body)) return false;
        http.Response.ContentLength = 1000;
        await http.Response.WriteAsync("{\"choices\":[");
        http.Abort();
        return true;
    }

    private static Task<bool> RedirectAsync(HttpContext http, JsonNode body)
    {
        if (StandIn.IsProof(body)) return Task.FromResult(false);
        http.Response.Redirect("http://127.0.0.1:1/elsewhere", permanent: false, preserveMethod: true);
        return Task.FromResult(true);
    }

    private static async Task<bool> Status(HttpContext http, JsonNode body, int status, string message = "out of memory")
    {
        if (StandIn.IsProof(body)) return false;
        http.Response.StatusCode = status;
        await http.Response.WriteAsync(new JsonObject { ["error"] = new JsonObject { ["message"] = message } }.ToJsonString());
        return true;
    }
}
